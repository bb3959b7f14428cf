"""YAML as the loader reads it: all text, with places, and nothing that surprises an analyst."""

import pytest

from sim.scenario.document import MAX_BYTES, MAX_DEPTH, decode, parse
from sim.values import Faults, Items, Map, Source, Text, is_printable


def tree(text: str):
    faults = Faults()
    found = parse(Source("t.yaml", text), faults)
    assert not faults.errors, faults.errors
    return found


def fault(text: str) -> tuple[str, int, int]:
    faults = Faults()
    parse(Source("t.yaml", text), faults)
    (d,) = faults.errors
    assert d.position is not None
    return d.code, d.position.line, d.position.column


def message(text: str) -> str:
    faults = Faults()
    parse(Source("t.yaml", text), faults)
    return faults.errors[0].message


@pytest.mark.parametrize(
    "word",
    ["no", "on", "12:30", "2024-12-06", "010", "1e3", "1_000", "0x1F", ".5", "NO", "y", "1.10"],
)
def test_scalars_stay_as_they_were_written(word):
    found = tree(f"a: {word}\nb: [{word}]\nc: {{{word}: {word}}}\n")
    assert found == {"a": word, "b": [word], "c": {word: word}}


def test_keys_and_values_know_their_places():
    found = tree("a: 1\nbc:\n  - x\n  - {d: 'y'}\n")
    assert isinstance(found, Map)
    key = found.key("bc")
    assert (key.line, key.column) == (2, 1)
    items = found["bc"]
    assert isinstance(items, Items)
    assert isinstance(items[1], Map)
    value = items[1]["d"]
    assert isinstance(value, Text)
    assert (value.line, value.column, value.style) == (4, 9, "'")
    assert items[1].position.column == 5


def test_aliases_share_their_anchor():
    found = tree("a: &x {b: 1}\nc: *x\nd: [*x, *x]\n")
    assert isinstance(found, Map)
    assert found["c"] is found["a"]


def test_an_anchor_may_be_set_again():
    assert tree("a: &x 1\nb: *x\nc: &x 2\nd: *x\n") == {"a": "1", "b": "1", "c": "2", "d": "2"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\na: 2\n", ("duplicate-key", 2, 1)),
        ("{a: 1, 'a': 2}\n", ("duplicate-key", 1, 8)),
        ("a: &x [*x]\n", ("yaml-alias", 1, 8)),
        ("a: *x\n", ("yaml-alias", 1, 4)),
        ("a: !!int 1\n", ("yaml-tag", 1, 4)),
        ("a: !x [1]\n", ("yaml-tag", 1, 4)),
        ("%YAML 1.1\n---\na: 1\n", ("yaml-directive", 1, 1)),
        ("<<: 1\n", ("merge-key", 1, 1)),
        ("a: 1\n---\nb: 1\n", ("many-documents", 2, 1)),
        ("? [a]\n: 1\n", ("bad-key", 1, 3)),
        ("? {a: 1}\n: 1\n", ("bad-key", 1, 3)),
        ("~: 1\n", ("bad-key", 1, 1)),
        ("", ("empty", 1, 1)),
        ("# nothing\n", ("empty", 1, 1)),
        ("---\n", ("empty", 1, 1)),
        ("a: \x07\n", ("control-character", 1, 4)),
        ("a: 1\nb: \u2028\n", ("control-character", 2, 4)),
        ("a: \x85\n", ("control-character", 1, 4)),
        ("a:\n\tb: 1\n", ("yaml-syntax", 2, 1)),
        ("a: [1, 2\n", ("yaml-syntax", 2, 1)),
        ("a: 'x\n", ("yaml-syntax", 1, 4)),
    ],
)
def test_what_is_refused(text, expected):
    assert fault(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('a: "x" == y\n', "text after a closing quotation mark"),
        ("a: @x\n", "a value cannot start with '@'"),
        ("a: %x\n", "a value cannot start with '%'"),
        ("a: &\n", "a value cannot start with '&'"),
        ("a: ? b\n", "a value cannot start with '?'"),
        ("a: - x\n", "a list item where none can be"),
        ("a: b: c\n", "a second ': ' in one line"),
        ("a: b\n  c: d\n", "this line belongs to the value above it"),
        ("a: 1\n...\nb: 1\n", "text after the end of the document"),
        ("a: [\n", "a bracket is not closed"),
        ("a: {b: 1\nc: 2\n", "the mapping '{' is not closed here (opened in line 1)"),
        ("a: [1 2\nc: 2\n", "the list '[' is not closed here (opened in line 1)"),
        ("a:\n\tb: 1\n", "a tab in the indentation"),
        ('a: "\\q"\n', "an unknown escape"),
        ("a: |\n  x\n\ty\n", "a tab in the indentation"),
    ],
)
def test_what_yaml_says_is_told_in_plain_words(text, expected):
    assert message(text) == expected


def test_depth_is_limited_without_recursion():
    inside = MAX_DEPTH - 1
    assert tree("a: " + "[" * inside + "]" * inside)
    assert fault("a: " + "[" * (inside + 1) + "]" * (inside + 1))[0] == "too-deep"
    assert fault("a: " + "[" * 200_000)[0] == "too-deep"


def test_what_aliases_expand_to_is_limited():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 9)}]" for k in range(1, 9)]
    assert fault("\n".join(lines))[0] == "too-large"


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_line_ends_of_every_system(ends):
    text = ends.join(["a: 1", "b: x", "  y", "c: 3", ""])
    source = decode(text.encode(), "t.yaml", Faults())
    assert source is not None
    assert tree(source.text) == {"a": "1", "b": "x y", "c": "3"}


def test_a_byte_order_mark_is_no_character():
    source = decode(b"\xef\xbb\xbfa: 1\n", "t.yaml", Faults())
    assert source is not None
    found = tree(source.text)
    assert isinstance(found, Map)
    assert found.key("a").column == 1


@pytest.mark.parametrize(
    ("data", "code", "place"),
    [
        (b"a: caf\xe9\n", "not-utf8", (1, 7)),
        ("a: é\nb: ".encode() + b"\xff\xfe", "not-utf8", (2, 4)),
        ("a: 1\n".encode("utf-16"), "not-utf8", (1, 1)),
        (b"x" * (MAX_BYTES + 1), "too-large", (1, 1)),
    ],
)
def test_bytes_that_are_no_text(data, code, place):
    faults = Faults()
    assert decode(data, "t.yaml", faults) is None
    (d,) = faults.errors
    assert d.position is not None
    assert (d.code, (d.position.line, d.position.column)) == (code, place)


@pytest.mark.parametrize("text", ["Homs", "حمص", "日本", "a\u200cb", "é", "🏰"])
def test_people_may_write_any_script(text):
    assert is_printable(text)


@pytest.mark.parametrize("text", ["\x1b[2J", "a\u202eb", "a\u2066b", "\u200f", "\x7f", "\u2028"])
def test_what_would_confuse_a_reader_is_not_printable(text):
    assert not is_printable(text)
