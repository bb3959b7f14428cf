"""Texts know where each of their characters stands, whatever YAML did to them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.draws import KINDS
from sim.errors import Position, did_you_mean
from sim.scenario.document import parse
from sim.values import FORMS, MAX_FAULTS, Faults, Items, Map, Source, Text, read_value


def value_of(text: str) -> Text:
    """Return the value of the key ``a`` in a YAML text."""
    tree = parse(Source("t.yaml", text), Faults())
    assert isinstance(tree, Map)
    value = tree["a"]
    assert isinstance(value, Text)
    return value


def shown(text: str, where: Position) -> str:
    line = text.split("\n")[where.line - 1]
    return line[where.column - 1 : where.column - 1 + where.length]


@pytest.mark.parametrize(
    "text",
    [
        "a: city == fallen and bridge == up\n",
        "a:    'city == fallen and bridge == up'\n",
        'a: "city == fallen and bridge == up"\n',
        "x: 1\na: city ==\n  fallen and\n\n     bridge == up\n",
        "a: >\n  city ==\n  fallen and\n  bridge == up\n",
        "a: |\n  city ==\n  fallen and\n  bridge == up\n",
        "a: >-\n    city ==\n    fallen and bridge == up\n",
        'a: "city ==\n  fallen and\n  bridge == up"\n',
        "{b: 1, a: city == fallen and bridge == up, c: 2}\n",
    ],
)
@pytest.mark.parametrize("word", ["city", "fallen", "and", "bridge", "up"])
def test_a_word_is_found_where_it_was_written(text, word):
    value = value_of(text)
    at = value.index(word)
    assert shown(text, value.part(at, at + len(word))) == word


def test_what_yaml_changed_points_at_the_whole():
    text = 'a: "caf\\u00e9 == up"\n'
    value = value_of(text)
    assert value == "café == up"
    assert value.part(0, 4) == value.position == Position("t.yaml", 1, 4, 17)


def test_doubled_quotation_marks_are_one_character():
    text = "a: 'it''s up'\n"
    value = value_of(text)
    assert shown(text, value.part(5, 7)) == "up"


def test_columns_count_characters_beyond_the_basic_plane():
    text = "a: '🏰🏰 == up'\n"
    value = value_of(text)
    assert value.part(6, 8).column == 11
    assert shown(text, value.part(6, 8)) == "up"


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=30))
def test_every_part_of_every_plain_text_lies_in_it(value):
    written = "'" + value.replace("'", "''") + "'"
    text = f"a: {written}\n"
    found = parse(Source("t.yaml", text), Faults())
    assert isinstance(found, Map)
    node = found["a"]
    assert isinstance(node, Text)
    for k in range(len(node)):
        where = node.part(k, k + 1)
        assert where.line >= 1
        assert 1 <= where.column <= max(map(len, text.split("\n"))) + 1


@pytest.mark.parametrize("word", ["", "~", "null", "Null", "NULL"])
def test_only_plain_words_are_null(word):
    assert value_of(f"a: {word}\n").is_null
    assert not value_of(f"a: '{word}'\n").is_null


@pytest.mark.parametrize(
    ("written", "truth"),
    [("true", True), ("False", False), ("'true'", None), ("yes", None), ("on", None), ("1", None)],
)
def test_truth_as_yaml_1_2_has_it(written, truth):
    assert value_of(f"a: {written}\n").truth is truth


def test_every_distribution_of_a_file_has_a_law():
    assert set(FORMS) - {"interval90"} == set(KINDS)


def written_value(text: str):
    faults = Faults()
    tree = parse(Source("t.yaml", f"a: {text}\n"), faults)
    assert isinstance(tree, Map)
    return read_value(tree["a"], "a", faults), faults


def test_remarks_stand_beside_a_distribution_or_a_value():
    for text in (
        "{uniform: [1, 2], source: x, grade: B2}",
        "{value: {uniform: [1, 2], grade: B2}, source: x}",
    ):
        written, faults = written_value(text)
        assert not faults.errors
        assert written is not None
        assert (written.kind, [n for n, _ in written.arguments]) == ("uniform", ["low", "high"])
        assert dict(written.remarks) == {"source": "x", "grade": "B2"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[1, 2]", "wrong-type"),
        ("{}", "wrong-type"),
        ("{value: [1]}", "wrong-type"),
        ("{source: x}", "missing-field"),
        ("{unifrom: [1, 2]}", "unknown-distribution"),
        ("{uniform: [1, 2], pert: [1, 2, 3]}", "two-values"),
        ("{uniform: [1, 2, 3]}", "bad-distribution"),
        ("{uniform: 3}", "bad-distribution"),
        ("{normal: [1, 2]}", "bad-distribution"),
        ("{normal: {mean: 1}}", "bad-distribution"),
        ("{normal: {mean: 1, sd: 2, x: 3}}", "bad-distribution"),
        ("{choice: [a, b]}", "bad-distribution"),
        ("{discrete: {}}", "bad-distribution"),
        ("{value: 1, sorce: x}", "unknown-field"),
        ("{value: 1, source: [x]}", "wrong-type"),
    ],
)
def test_what_is_no_value(text, code):
    _, faults = written_value(text)
    assert [d.code for d in faults.errors] == [code]


def test_a_fault_is_told_once_for_each_place_and_kind():
    faults = Faults(files=["b", "a"])
    for file, line in (("a", 1), ("b", 9), ("b", 2), ("b", 2)):
        faults.add("x", f"in {file}", Position(file, line, 1))
    faults.add("y", "a warning", Position("b", 1, 1), severity="warning")
    places = [(d.position.file, d.position.line) for d in faults.errors if d.position]
    assert places == [("b", 2), ("b", 9), ("a", 1)]
    assert faults.n_errors == 3
    assert [d.code for d in faults.warnings] == ["y"]
    assert not faults.is_full


def test_faults_are_full_at_last():
    faults = Faults()
    for line in range(MAX_FAULTS):
        assert not faults.is_full
        faults.add("x", "x", Position("a", line + 1, 1))
    assert faults.is_full


def test_hints_among_very_many_names_are_quick_and_still_there():
    names = [f"part.{k}" for k in range(20_000)] + ["supply"]
    assert did_you_mean("suply", names) == "did you mean 'supply'?"
    assert did_you_mean("suply", []) == ""


def test_nodes_that_nobody_wrote_have_the_place_of_another():
    at = Position("a", 3, 4)
    made = Text.made("x", Map.of([], at))
    assert made.position == Position("a", 3, 4, 1)
    assert made.part(0, 1) == made.position
    assert Map.of([("k", made)], at).key("k").position.line == 3
    with pytest.raises(KeyError, match="z"):
        Map.of([], at).key("z")
    assert Items.of([made], at).position == at
