"""The corpus: files that must load, and files with one mistake each and the message for it.

A file of ``corpus/invalid`` starts with ``# expect: CODE LINE:COLUMN``: the one diagnostic that it
gives; the text that a terminal shows is in the ``.txt`` beside it. A file of ``corpus/valid`` may
start with lines ``# warns: CODE LINE:COLUMN``; its net in canonical form is in the ``.json`` beside
it. After a wanted change, ``RENEW_GOLDEN=1 pytest tests/test_corpus.py`` writes both anew: read the
difference before committing it.
"""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.cli.main import main
from sim.cli.render import scenario_error
from sim.errors import Diagnostic, Exit, ScenarioError
from sim.net.canonical import canonical_json
from sim.scenario.load import load, loads

CORPUS = Path(__file__).parent / "corpus"
INVALID = sorted((CORPUS / "invalid").glob("*.yaml"))
VALID = sorted((CORPUS / "valid").glob("*.yaml"))
RENEW = bool(os.environ.get("RENEW_GOLDEN"))
#: Nets with longer texts are kept by their size and digest alone.
LONGEST_GOLDEN = 60_000


def name_of(path: Path) -> str:
    return path.stem


def headers(path: Path, word: str) -> list[tuple[str, int, int]]:
    """Return the (code, line, column) of the comment lines that start with ``# word:``."""
    first = path.read_bytes().decode("utf-8-sig", errors="replace")
    found = re.findall(rf"^# {word}: ([a-z0-9-]+) (\d+):(\d+)$", first, re.MULTILINE)
    return [(code, int(line), int(column)) for code, line, column in found]


def place(diagnostic: Diagnostic) -> tuple[str, int, int]:
    where = diagnostic.position
    return (diagnostic.code, where.line, where.column) if where else (diagnostic.code, 0, 0)


def error_of(path: Path, **changes: object) -> ScenarioError:
    with pytest.raises(ScenarioError, match=r"error\[") as caught:
        load(path, **changes)
    return caught.value


def golden(path: Path, text: str) -> None:
    if RENEW:
        path.write_bytes(text.encode())
    assert path.exists(), f"{path.name} is missing: see the docstring of this file"
    assert text == path.read_bytes().decode()


@pytest.mark.parametrize("path", INVALID, ids=name_of)
def test_one_mistake_gives_one_message_at_its_place(path, monkeypatch):
    monkeypatch.chdir(path.parent)
    error = error_of(Path(path.name))
    assert [place(d) for d in error.diagnostics] == headers(path, "expect")
    (diagnostic,) = error.diagnostics
    assert diagnostic.severity == "error"
    golden(path.with_suffix(".txt"), scenario_error(error) + "\n")


@pytest.mark.parametrize("path", INVALID, ids=name_of)
def test_the_command_line_shows_the_message_and_exits_with_2(path, monkeypatch, capsys):
    monkeypatch.chdir(path.parent)
    assert main(["validate", path.name]) == Exit.BAD_INPUT == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == path.with_suffix(".txt").read_bytes().decode()


def test_the_corpus_is_large_and_every_file_has_its_message():
    assert len(INVALID) >= 70
    assert {p.stem for p in INVALID} == {p.stem for p in (CORPUS / "invalid").glob("*.txt")}
    assert [p.name for p in INVALID if len(headers(p, "expect")) != 1] == []


@pytest.mark.parametrize("path", VALID, ids=name_of)
def test_unusual_files_load(path, monkeypatch):
    monkeypatch.chdir(path.parent)
    scenario = load(Path(path.name))
    assert [place(w) for w in scenario.warnings] == headers(path, "warns")
    text = canonical_json(scenario.net)
    if len(text) > LONGEST_GOLDEN:
        return
    golden(path.with_suffix(".json"), json.dumps(json.loads(text), indent=1) + "\n")


# Changes from outside the file.

TWO_CITIES = CORPUS / "valid" / "two-cities.yaml"


@pytest.mark.parametrize(
    ("path", "value", "code", "message"),
    [
        ("transitions.strik.rate", "0 / day", "no-match", "nothing is called"),
        ("transition.strike.rate", "0 / day", "no-match", "nothing is called"),
        ("transitions.fall.1.rate", "0 / day", "no-match", "nothing is called"),
        ("", "0 / day", "no-match", "nothing is called"),
        ("transitions.strike.rate", "", "no-value", "an empty value"),
        ("transitions.strike.rate", "0.1", "dimension", "a plain number"),
        ("transitions.strike.rate", "{uniform: [2 / day", "yaml-syntax", "not closed"),
        (
            "transitions.strike.rate",
            "{uniform: [2 / day, 1 / day]}",
            "bad-distribution",
            "impossible",
        ),
        ("transitions.strike.rate", "-0.1 / day", "out-of-range", "a negative rate"),
        ("transitions.strike.when", "bridge == upp", "unknown-label", "'upp' is not a label"),
        ("variables.supply.initial", 9, "out-of-range", "outside [0, 5]"),
        ("variables.supply.initial", "two", "unknown-name", "unknown name 'two'"),
        ("title", "a\u202eb", "control-character", "control character"),
        ("variants", "{}", "fixed-in-variant", "cannot be set"),
        ("transitions.strike.rate", "&a [*a]", "yaml-alias", "stands inside itself"),
    ],
)
def test_a_faulty_set_is_told_in_place_of_the_file(path, value, code, message):
    error = error_of(TWO_CITIES, set={path: value})
    (diagnostic,) = error.diagnostics
    assert diagnostic.code == code
    assert message in diagnostic.message
    assert diagnostic.position is not None
    assert diagnostic.position.file == f"--set {path}"


def test_a_template_is_addressed_as_a_template():
    error = error_of(TWO_CITIES, set={"transitions.fall.1.rate": "0 / day"})
    assert "fall.$i" in error.diagnostics[0].hint


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"variant": "nothing"}, "unknown-variant"),
        ({"variant": "wrong"}, "dimension"),
        ({"variant": "gone"}, "unknown-name"),
    ],
)
def test_a_faulty_variant(changes, code, tmp_path):
    path = tmp_path / "variants.yaml"
    variants = "variants:\n  wrong: {outcomes.o: 3 km}\n  gone: {variables.x: null}\n"
    path.write_text(guarded("x > 0") + variants, encoding="utf-8")
    assert {d.code for d in error_of(path, **changes).diagnostics} == {code}


def test_what_is_null_goes(tmp_path):
    path = tmp_path / "variants.yaml"
    path.write_text(guarded("x > 0") + "stop: o\nvariants: {on: {stop: null}}\n", encoding="utf-8")
    assert load(path).net.stop is not None
    assert load(path, variant="on").net.stop is None
    assert load(path).variant("on").net.stop is None
    assert load(path, set={"stop": None}).net.stop is None


# Files beside files.


def test_a_link_is_followed_and_what_it_extends_lies_beside_its_target(tmp_path):
    real, elsewhere = tmp_path / "real", tmp_path / "elsewhere"
    real.mkdir()
    elsewhere.mkdir()
    (real / "base.yaml").write_text(guarded("x > 0"), encoding="utf-8")
    (real / "over.yaml").write_text("extends: base.yaml\ntitle: Over\n", encoding="utf-8")
    link = elsewhere / "link.yaml"
    link.symlink_to(real / "over.yaml")
    assert load(link).title == "Over"


def test_a_link_to_a_file_outside_the_folder_is_not_extended(tmp_path):
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "secret.yaml").write_text(guarded("x > 0"), encoding="utf-8")
    (inside / "base.yaml").symlink_to(tmp_path / "secret.yaml")
    (inside / "over.yaml").write_text("extends: base.yaml\ntitle: Over\n", encoding="utf-8")
    (diagnostic,) = error_of(inside / "over.yaml").diagnostics
    assert diagnostic.code == "bad-extends"
    assert "outside the folder" in diagnostic.message


def test_a_fault_in_the_file_below_is_told_in_that_file(tmp_path):
    (tmp_path / "base.yaml").write_text(guarded("x > 0 km"), encoding="utf-8")
    (tmp_path / "over.yaml").write_text("extends: base.yaml\ntitle: Over\n", encoding="utf-8")
    (diagnostic,) = error_of(tmp_path / "over.yaml").diagnostics
    assert diagnostic.position is not None
    assert Path(diagnostic.position.file) == tmp_path / "base.yaml"
    assert diagnostic.position.line == 5


# Any bytes at all.

# fmt: off
PIECES = st.sampled_from([
    "{", "}", "[", "]", ": ", ", ", "&a ", "*a", "- ", "\n", "\n  ", "null", "$i", "(", '"', "'",
    "|\n", "inf", "-1", "city", "supply", "{uniform: [0, 1]}", "!!str ", "<<: ", "\t", "#", "%",
    "for: {i: [1, 2]}", "sum(supply for i in cities)", "\u202e", "é", "\ud800", "", "", "",
])
# fmt: on


@settings(max_examples=300)
@given(
    path=st.sampled_from([*VALID, *INVALID]),
    edits=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 20), PIECES), min_size=1, max_size=4),
)
def test_an_edited_file_gives_a_scenario_or_an_error(path, edits):
    text = path.read_bytes().decode("utf-8-sig", errors="replace")[:5_000]
    for where, n_gone, piece in edits:
        at = int(where * len(text))
        text = text[:at] + piece + text[at + n_gone :]
    is_told_properly(lambda: loads(text))


@given(data=st.binary(max_size=200))
def test_any_bytes_give_an_error(data, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(data)
    is_told_properly(lambda: load(path))


def is_told_properly(make: Callable[[], object]) -> None:
    try:
        make()
    except ScenarioError as error:
        found = error
    else:
        return
    assert found.diagnostics
    for d in found.diagnostics:
        assert d.message
        assert d.position is not None
        assert min(d.position.line, d.position.column, d.position.length) >= 1


# What is too large to store.

HEAD = "title: Too much\nclock: {horizon: 10 days}\n"
VARIABLE = HEAD + "variables: {x: {integer: [0, 5], initial: 1}}\n"


def guarded(guard: str) -> str:
    return VARIABLE + f"outcomes:\n  o: {guard}\n"


TOO_MUCH: dict[str, tuple[str, Callable[[], str]]] = {
    "flow lists in lists": ("too-deep", lambda: HEAD + "lists: {a: " + "[" * 100_000),
    "mappings in mappings": ("too-deep", lambda: HEAD + "lists: " + "{a: " * 100_000),
    "block in block": ("too-deep", lambda: HEAD + "".join(" " * k + "a:\n" for k in range(200))),
    "block lists": ("too-deep", lambda: HEAD + "lists:\n  " + "- " * 50_000 + "x\n"),
    "bytes": ("too-large", lambda: HEAD + "# " + "x" * 2_000_000),
    "values": ("too-large", lambda: HEAD + "lists:\n a: [" + "1, " * 200_000 + "1]\n"),
    "characters of an expression": ("too-large", lambda: guarded("x" + " + x" * 1_001)),
    "parts of an expression": ("too-large", lambda: guarded("x" + "+x" * 300)),
    "brackets": ("too-large", lambda: guarded("(" * 64 + "x" + ")" * 64)),
    "signs": ("too-large", lambda: guarded("0 < " + "-" * 100 + "x")),
    "nots": ("too-large", lambda: guarded("not " * 100 + "x")),
    "transitions": (
        "too-large",
        lambda: (
            VARIABLE
            + "transitions:\n  t.$i.$j: {for: {i: ["
            + ", ".join(map(str, range(71)))
            + "], j: ["
            + ", ".join(map(str, range(71)))
            + "]}, when: x > 0, rate: 1 / day, then: {}}\n"
        ),
    ),
    "digits": ("syntax", lambda: guarded("x < " + "9" * 3_000)),
    "a letter in a letter": (
        "too-large",
        lambda: (
            VARIABLE
            + "definitions:\n  d: {for: {i: ['"
            + "*".join(["x"] * 240)
            + "']}, value: $i"
            + "*x" * 240
            + "}\n"
        ),
    ),
}


@pytest.mark.parametrize("what", TOO_MUCH)
def test_too_much_is_refused_and_quickly(what, tmp_path):
    code, make = TOO_MUCH[what]
    path = tmp_path / "large.yaml"
    path.write_text(make(), encoding="utf-8")
    assert {d.code for d in error_of(path).diagnostics} == {code}


@pytest.mark.parametrize(
    "guard",
    [
        "(" * 63 + "x" + ")" * 63 + " > 0",
        "*".join(["x"] * 249) + " > 1",
        "-".join(["x"] * 249) + " > 1",
        "abs(" * 62 + "x" + ")" * 62 + " > 0",
        "not " * 62 + "x",
        "x if x > 1 else " * 62 + "x",
    ],
)
def test_what_just_fits_is_taken(guard, tmp_path):
    path = tmp_path / "fits.yaml"
    path.write_text(guarded(guard), encoding="utf-8")
    assert len(load(path).net.outcomes) == 1
