"""Any input at all gives a scenario or a ScenarioError, told properly and twice the same.

Four ways to make inputs: any bytes and texts, valid and invalid files of the corpus with bytes or
lines changed, pieces of two files joined, and trees of the keys and words that a file may have.
``FUZZ=long`` in the environment makes each of them look a hundred times as long.
"""

from __future__ import annotations

import json
import os
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from sim.cli.render import diagnostics
from sim.errors import Diagnostic, Position, ScenarioError
from sim.keys import field_names
from sim.net.canonical import canonical_json
from sim.scenario.load import load, loads
from sim.scenario.model import Scenario
from sim.scenario.schema import PART_MODELS, TOP_LEVEL, ClockSpec, SourceSpec
from sim.values import FORMS
from sim.world.mechanisms.registry import BY_KIND
from sim.world.specs import MODELS as WORLD_MODELS
from tests.test_corpus import CORPUS

LONGER = 100 if os.environ.get("FUZZ") == "long" else 1
#: Files that take long to load are not what is looked for here.
VALID, INVALID = (
    [
        p.read_bytes()
        for p in sorted((CORPUS / kind).glob("*.yaml"))
        if not p.stem.startswith("five")
    ]
    for kind in ("valid", "invalid")
)
files = st.sampled_from(VALID) | st.sampled_from(INVALID)
#: The codes of what no single place in a file need be to blame for.
NO_PLACE = ("stream-collision", "too-many-faults", "unknown-variant")


def some(examples: int) -> Callable:
    """Return settings for so many examples, however slow one of them is."""
    return settings(
        max_examples=examples * LONGER, suppress_health_check=[HealthCheck.too_slow], deadline=None
    )


# What every answer of the loader has.

Answer = tuple[Scenario | None, Sequence[Diagnostic], dict[str, str]]


def answer(make: Callable[[], Scenario]) -> Answer:
    """Return a scenario with its warnings, or None with its errors; and the texts they quote."""
    try:
        made = make()
    except ScenarioError as error:
        return None, error.diagnostics, dict(error.sources)
    return made, made.warnings, dict(made.texts)


def is_told_properly(make: Callable[[], Scenario]) -> Scenario | None:
    """Load twice, and check what has come of it; return the scenario, if there is one."""
    made, told, texts = answer(make)
    again, told_again, _ = answer(make)
    assert list(told) == list(told_again)
    assert all(d.severity == ("error" if made is None else "warning") for d in told)
    for diagnostic in told:
        check(diagnostic, texts)
    if made is None:
        assert told, "refused without a reason"
        assert again is None
        return None
    assert again is not None
    assert canonical_json(made.net) == canonical_json(again.net)
    assert isinstance(made.title, str)
    return made


def check(d: Diagnostic, texts: dict[str, str]) -> None:
    """Check that a diagnostic says something, of a place that there is, in harmless text."""
    assert d.message.strip()
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", d.code)
    told = json.loads(json.dumps(d.as_json(), allow_nan=False))
    assert told["message"] == d.message
    where = d.position
    assert where is not None or d.code in NO_PLACE
    if where is not None and where.file in texts:
        lines = texts[where.file].split("\n")
        if d.code == "yaml-syntax" and lines[-1]:
            lines.append("")  # what is not closed by the end is told at the start of a line below
        assert 1 <= where.line <= len(lines)
        line = lines[where.line - 1]
        assert 1 <= where.column <= len(line) + 1
        # One beyond the end: a mark must stand somewhere, on an empty line too.
        assert 1 <= where.length <= max(1, len(line) + 1 - where.column)
    elif where is not None:  # a file that is not text
        assert min(where.line, where.column, where.length) == 1 or d.code == "not-utf8"
    shown = diagnostics([d], texts)
    assert f"{d.severity}[{d.code}]: " in shown
    assert not any(unicodedata.category(c) in ("Cc", "Cs") for c in shown.replace("\n", ""))


# That the checks can fail.

TEXT = "title: Test\nclock: {horizon: 10 days}\nwatch: {a: b}\n"
FAULT = Diagnostic("unknown-name", "unknown name 'b'", Position("t.yaml", 3, 12), severity="error")


def giving(*told: Diagnostic) -> Callable[[], Scenario]:
    def make() -> Scenario:
        raise ScenarioError(list(told), {"t.yaml": TEXT})

    return make


def test_what_the_loader_says_of_the_example_is_told_properly():
    assert is_told_properly(giving(FAULT)) is None
    assert is_told_properly(lambda: loads(TEXT, "t.yaml")) is None
    assert is_told_properly(lambda: loads(TEXT.replace("b}", "1}"), "t.yaml")) is not None


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        [replace(FAULT, message=" ")],
        [replace(FAULT, code="Unknown name")],
        [replace(FAULT, position=None)],
        [replace(FAULT, position=Position("t.yaml", 5, 1))],
        [replace(FAULT, position=Position("t.yaml", 0, 1))],
        [replace(FAULT, position=Position("t.yaml", 3, 15))],
        [replace(FAULT, position=Position("t.yaml", 3, 12, 3))],
        [replace(FAULT, severity="warning")],
    ],
    ids=str,
)
def test_a_planted_fault_is_noticed(wrong):
    with pytest.raises(AssertionError, match=r".*"):
        is_told_properly(giving(*wrong))


def test_a_second_answer_that_differs_is_noticed():
    answers = iter([giving(FAULT), giving(replace(FAULT, hint="another"))])
    with pytest.raises(AssertionError, match="hint"):
        is_told_properly(lambda: next(answers)())


def test_an_exception_of_another_kind_is_noticed():
    with pytest.raises(KeyError, match="name"):
        is_told_properly(lambda: {}["name"])


# Any bytes and any text.


@pytest.fixture(scope="module")
def path(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("any") / "any.yaml"


def is_file_told_properly(path: Path, data: bytes) -> Scenario | None:
    path.write_bytes(data)
    return is_told_properly(lambda: load(path))


@some(200)
@given(data=st.binary(max_size=300))
def test_any_bytes(path, data):
    is_file_told_properly(path, data)


@some(200)
@given(st.one_of(st.text(max_size=200), st.text("ab0: -?{}[],&*!|>'\"%@`#\n\t\r\\", max_size=60)))
def test_any_text(text):
    is_told_properly(lambda: loads(text))


@some(200)
@given(
    st.sampled_from(["title", "watch.a", "clock.horizon", "outcomes.o.when", "variables.n"]),
    st.text(st.characters(codec="utf-8"), max_size=30),
)
def test_any_text_as_a_value_from_outside(place, value):
    """Whatever ``--set`` says is told at its own place."""
    is_told_properly(lambda: loads(WHOLE, set={place: value}))


WHOLE = """
title: Test
clock: {horizon: 10 days}
variables: {n: {integer: [0, 5], initial: 1}}
outcomes: {o: {when: n > 2}}
watch: {a: n}
"""


# Files that were changed.


@st.composite
def torn(draw) -> bytes:
    """Return a file of the corpus with bytes flipped, lost, doubled or put in, or cut off."""
    data = bytearray(draw(files))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        end = at + draw(st.integers(1, 12))
        match draw(st.sampled_from(["flip", "lose", "double", "insert", "cut"])):
            case "flip":
                data[at : at + 1] = bytes(
                    b ^ 1 << draw(st.integers(0, 7)) for b in data[at : at + 1]
                )
            case "lose":
                del data[at:end]
            case "double":
                data[at:at] = data[at:end]
            case "insert":
                data[at:at] = draw(PIECES).encode("utf-8", "surrogatepass")
            case "cut":
                del data[at:]
    return bytes(data)


# fmt: off
PIECES = st.sampled_from([
    "{", "}", "[", "]", ": ", ", ", "&a ", "*a", "- ", "? ", "\n", "\n  ", "\r", "\t", "null", "$i",
    "(", ")", '"', "'", "|\n", "inf", "-1", "1e999", "0", "{uniform: [0, 1]}", "!!str ", "<<: ",
    "#", "%", "---\n", "...\n", "for: {i: [1, 2]}", "sum(n for i in cities)", "min(1, 2)",
    "value: ", "\u202e", "\u2028", "\x00", "\x85", "é", "\ud800", "\ufeff", "𝔸", "٣", "\\",
    "\\u0000",
])
# fmt: on


@some(300)
@given(data=torn())
def test_a_torn_file(path, data):
    event("valid" if is_file_told_properly(path, data) else "invalid")


@st.composite
def shuffled(draw) -> bytes:
    """Return a file with lines swapped, lost, doubled or indented, or the pieces of two files."""
    lines = draw(files).splitlines(keepends=True)
    if draw(st.booleans()):
        other = draw(files).splitlines(keepends=True)
        lines = (
            lines[: draw(st.integers(0, len(lines)))] + other[draw(st.integers(0, len(other))) :]
        )
    for _ in range(draw(st.integers(0, 3)) if lines else 0):
        a, b = (draw(st.integers(0, len(lines) - 1)) for _ in range(2))
        match draw(st.sampled_from(["swap", "double", "indent", "outdent", "replace"])):
            case "swap":
                lines[a], lines[b] = lines[b], lines[a]
            case "double":
                lines.insert(a, lines[b])
            case "indent":
                lines[a] = b"  " + lines[a]
            case "outdent":
                lines[a] = lines[a].removeprefix(b"  ")
            case "replace":
                lines[a] = lines[b]
    return b"".join(lines)


@some(300)
@given(data=shuffled())
def test_lines_of_one_or_two_files_in_another_order(path, data):
    event("valid" if is_file_told_properly(path, data) else "invalid")


# Trees of the right words, in the wrong places and in the right ones.

REMARKS = ["value", "source", "grade", "as_of", "mark", "note", "label", "chance"]
# fmt: off
NAMES = ["a", "b", "c.$i", "t", "up", "$i", "i", "0", "$", "", "2 days", "t.rate", "x", "y", "g"]
# fmt: on
MODELS = [ClockSpec, SourceSpec, *PART_MODELS.values(), *WORLD_MODELS.values(), *BY_KIND.values()]
KEYS = sorted(
    {*TOP_LEVEL, *NAMES, *FORMS, *REMARKS, "mean", "sd", "median", "sigma", "shape", "scale", "k"}
    | {name for model in MODELS for name in field_names(model)}
)
# fmt: off
WORDS = [
    "0", "1", "-1", "1.5", "3 days", "12 h", "45 km", "0.2 / day", "2 persons", "inf", "nan",
    "1e999", "true", "false", "null", "~", "", "a", "b", "up", "down", "t.work", "t.fired", "time",
    "$i", "n", "a == up", "b > 0", "a == up and b > 0", "b + 1", "b / 0", "b * $i / day",
    "not a == down", "up if b > 1 else down", "min(b, 2)", "sum($j for j in l)", "log(-1)",
    "any(b > $j for j in l)",
    "2024-12-06T18:00+03:00", "2024-12-06", "P3D", "Asia/Damascus", "keep", "redraw", "F6", "J",
    "Seen {b} and {a:.1f}", "{", "l", "base.yaml", "no", "012", "\u202e", "x" * 70, "é", "a.b.",
]
# fmt: on
words = st.sampled_from(WORDS)
#: Text, list or mapping: what the nodes of a YAML file are.
Tree = str | list["Tree"] | dict[str, "Tree"]
#: Words are the likeliest, or trees would have no end.
trees: st.SearchStrategy[Tree] = st.deferred(
    lambda: (
        words
        | words
        | st.lists(trees, max_size=3)
        | st.dictionaries(st.sampled_from(KEYS), trees, max_size=4)
    )
)


def few(keys: list[str], values: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    return st.dictionaries(st.sampled_from(keys), values, max_size=3)


def mostly(right: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    """Return the right thing nearly always, else any tree."""
    return st.integers(0, 29).flatmap(lambda k: trees if k == 29 else right)


def of(**fields: st.SearchStrategy[Tree] | Tree) -> st.SearchStrategy[Tree]:
    """Return mappings with these keys; those whose names end in ``_`` may be missing."""
    made = {k: v if isinstance(v, st.SearchStrategy) else st.just(v) for k, v in fields.items()}
    may = {k.rstrip("_"): v for k, v in made.items() if k.endswith("_")}
    return st.fixed_dictionaries({k: v for k, v in made.items() if k[-1] != "_"}, optional=may)


def merged(*parts: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    return st.tuples(*parts).map(lambda made: {k: v for part in made for k, v in part.items()})


constants = mostly(
    st.sampled_from(["0", "1", "2.5", "2 ** 3", "p"])
    | of(uniform=["0", "1"])
    | of(value="3", note="n")
)
numbers = mostly(st.sampled_from(["0", "1.5", "b", "b + 1", "min(b, 2)", "1 if a == up else 0"]))
days = mostly(st.sampled_from(["12 h", "3 days", "1 day / (1 + p)"]))
delays = days | of(gamma=of(shape="2", mean=days)) | of(exponential=of(mean="1 day * (b + 1)"))
conditions = mostly(st.sampled_from(["a == up", "b > 0", "not a == down or b < 2", "t.fired > 1"]))
paces = mostly(st.sampled_from(["0.2 / day", "b / day", "p / day"]))
effects = mostly(
    of(a_="up if b > 2 else down", b_=numbers, x_="time / 1 day") | st.just({"x": "x + 1"})
)
clocks = st.one_of(
    of(rate=paces),
    of(after=delays, memory_=st.sampled_from(["keep", "redraw"])),
    of(every=days, from_=days),
    of(at=mostly(st.just(["1 day", "2 days"]))),
    of(work="45 km", pace="30 km/day * b", memory="keep"),
    of(immediate="true"),
)
branches = st.lists(of(weight=numbers, then_=effects, label_=words), min_size=1, max_size=2)
ends = of(then=effects) | of(branches=branches)
transitions = merged(
    clocks,
    ends,
    of(when_=conditions, says_="Seen {b}", note_="n", priority_="2"),
    mostly(st.just({})).map(lambda tree: {"pase": tree} if tree else {}),
)
scenarios = of(
    title="Test",
    clock=of(horizon="10 days", start_="2024-12-06T18:00+03:00", grid_=days, report_=days),
    parameters=of(p=mostly(st.just("1.5") | of(uniform=["0", "1"])), q_=constants),
    variables=of(
        a=mostly(st.just({"states": ["up", "down"]})),
        b=of(integer=["0", "5"], initial=mostly(st.sampled_from(["1", "3"]))),
        x=of(real=["0", "inf"], initial=constants),
    ),
    transitions=of(t=transitions, u_=transitions, v_=transitions),
    lists_=mostly(st.just({"l": ["1", "2"]})),
    definitions_=of(d=numbers, e_="d + 1"),
    outcomes_=of(o=conditions, r_="not o"),
    watch_=of(w=numbers),
    totals_=of(s=conditions),
    stop_=conditions,
    variants_=of(other=few(["transitions.t.when", "title", "variables.b.initial"], words)),
    sources_=of(press=of(text=words, public_=words)),
)


factions, places = st.sampled_from(["g", "e"]), st.sampled_from(["x", "y", "z"])
kinds = st.sampled_from(["road", "track", "sea"])


def some_of(names: st.SearchStrategy[Tree], at_least: int = 1) -> st.SearchStrategy[Tree]:
    return mostly(st.lists(names, min_size=at_least, max_size=2, unique=True))


worlds = of(
    title="Test",
    clock=of(horizon="10 days", start="2024-12-06T18:00+03:00"),
    factions=of(
        g=mostly(of(capital_="x", patrons_=of(e=of(support="0.5", reliance="0.5")), supply_=days)),
        e=mostly(of(role_=st.sampled_from(["belligerent", "patron"]), cohesion_=constants)),
    ),
    hostile=mostly(st.just([["g", "e"]])),
    places=of(
        x=mostly(of(control="g", at_=["34.7", "36.7"], attacker_="e", fallback_=["y"])),
        y=mostly(of(control=factions, at_=["35.1", "36.7"], garrison_=of(g="500 persons"))),
        z=mostly(of(control="none", kind_="source", present_fraction_=of(e=constants))),
    ),
    routes=of(
        r=mostly(of(between=["x", "y"], km="50", kind_=kinds)),
        q_=of(between=some_of(places, 2), km="90", status_=words),
    ),
    links_=of(
        way=merged(of(**{"for": factions, "from": "x"}), of(to=["y"], kinds_=some_of(kinds)))
    ),
    processes_=of(
        p=merged(
            of(kind=st.sampled_from(sorted(BY_KIND))),
            of(faction="e", along=["y", "x"], force="900 persons") | of(places_=some_of(places)),
            st.just({}) | few(KEYS, words),
        ),
    ),
    outcomes_=of(falls="x.control == e"),
)


def written(tree: Tree) -> str:
    """Return a tree as YAML in braces; what cannot stand plain is quoted."""
    if isinstance(tree, dict):
        return "{" + ", ".join(f"{written(k)}: {written(v)}" for k, v in tree.items()) + "}"
    if isinstance(tree, list):
        return "[" + ", ".join(map(written, tree)) + "]"
    return tree if re.fullmatch(r"[\w$./~+-][\w$./~+ *<>=-]*", tree) else json.dumps(tree)


def in_blocks(tree: Tree, indent: str = "\n") -> str:
    """Return a tree as YAML in lines."""
    inner = indent + "  "
    if isinstance(tree, dict) and tree:
        return "".join(f"{indent}{written(k)}: {in_blocks(v, inner)}" for k, v in tree.items())
    if isinstance(tree, list) and tree:
        return "".join(f"{indent}- {in_blocks(v, inner)}" for v in tree)
    return written(tree)


@some(100)
@given(
    st.dictionaries(st.sampled_from(KEYS), trees, max_size=5), st.sampled_from([written, in_blocks])
)
def test_trees_of_the_right_words(tree, write):
    is_told_properly(lambda: loads(write(tree)))


@some(250)
@given(scenarios, st.sampled_from([written, in_blocks]))
def test_trees_that_are_nearly_scenarios(tree, write):
    made = is_told_properly(lambda: loads(write(tree)))
    event("valid" if made else "invalid")


@some(200)
@given(worlds, st.sampled_from([written, in_blocks]))
def test_trees_that_are_nearly_worlds(tree, write):
    made = is_told_properly(lambda: loads(write(tree)))
    event("valid" if made else "invalid")


@pytest.mark.parametrize("write", [written, in_blocks])
def test_of_these_trees_some_are_scenarios_and_some_are_not(write):
    """The property of nearly scenarios looks at both: each is more than a tenth of them."""
    loaded = []

    @settings(some(100), max_examples=100, derandomize=True, database=None)
    @given(scenarios)
    def look(tree):
        made, _, _ = answer(lambda: loads(write(tree)))
        loaded.append(made is not None and len(made.net.transitions) > 0)

    look()
    assert 0.1 < sum(loaded) / len(loaded) < 0.9
