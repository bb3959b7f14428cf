"""The corpus: files that must load, and files with one mistake each and the message for it.

A file of ``corpus/invalid`` starts with ``# expect: CODE LINE:COLUMN``: the one diagnostic that it
gives; the text that a terminal shows is in the ``.txt`` beside it. A file of ``corpus/valid`` may
start with lines ``# warns: CODE LINE:COLUMN``; its net in canonical form is in the ``.json`` beside
it (of a net with a very long text, its length and digest). After a wanted change,
``RENEW_GOLDEN=1 pytest tests/test_corpus.py`` writes both anew: read the difference before
committing it.
"""

import ast
import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sim.cli.main import main
from sim.cli.render import scenario_error
from sim.engines.compiled.engine import CompiledEngine
from sim.engines.reference import ReferenceEngine
from sim.errors import Diagnostic, Exit, ScenarioError
from sim.net.canonical import canonical_json, digest
from sim.scenario.load import load
from tests.engines.test_identity import differences

ROOT = Path(__file__).parents[1]
CORPUS = Path(__file__).parent / "corpus"
INVALID = sorted((CORPUS / "invalid").glob("*.yaml"))
VALID = sorted((CORPUS / "valid").glob("*.yaml"))
RENEW = bool(os.environ.get("RENEW_GOLDEN"))
#: Nets with longer texts are kept by their size and digest alone.
LONGEST_GOLDEN = 60_000
#: Valid files in which nothing happens in the first replications.
NOTHING_HAPPENS = {
    "deepest-nesting",
    "empty-sections",
    "map-of-its-own",
    "minimal",
    "no-final-newline",
    "nothing-can-happen",
    "only-watch",
    "templates-of-nothing",
    "true-at-start",
}


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
    assert len(INVALID) >= 280
    assert {p.stem for p in INVALID} == {p.stem for p in (CORPUS / "invalid").glob("*.txt")}
    assert [p.name for p in INVALID if len(headers(p, "expect")) != 1] == []


@pytest.mark.parametrize("path", VALID, ids=name_of)
def test_unusual_files_load(path, monkeypatch):
    monkeypatch.chdir(path.parent)
    scenario = load(Path(path.name))
    assert [place(w) for w in scenario.warnings] == headers(path, "warns")
    text = canonical_json(scenario.net)
    form = json.loads(text)
    if len(text) > LONGEST_GOLDEN:
        form = {"characters": len(text), "digest": digest(scenario.net)}
    golden(path.with_suffix(".json"), json.dumps(form, indent=1) + "\n")


@pytest.mark.parametrize("path", VALID, ids=name_of)
def test_unusual_files_run_the_same_in_both_engines(path):
    net, few = load(path).net, np.arange(4)
    reference, compiled = ReferenceEngine(net).run(0, few), CompiledEngine(net).run(0, few)
    assert differences(reference, compiled) == []


def test_the_runs_of_unusual_files_are_no_empty_ones():
    """What does nothing is meant to do nothing; the comparison sees an event more."""
    quiet = {
        p.stem for p in VALID if not CompiledEngine(load(p).net).run(0, [0, 1, 2]).n_events.any()
    }
    assert quiet == NOTHING_HAPPENS
    batch = CompiledEngine(load(TWO_CITIES).net).run(0, [0, 1])
    more = replace(batch, n_events=batch.n_events + np.array([0, 1]))
    assert differences(batch, more) == ["n_events"]


def test_there_are_many_unusual_files():
    assert len(VALID) >= 50
    assert {p.stem for p in VALID} == {p.stem for p in (CORPUS / "valid").glob("*.json")}


# Every code that there is.


#: Codes that no file of the corpus can show, and why.
NOT_FROM_A_FILE = {
    **dict.fromkeys(("fault", "run-fault"), "a rule broken while the net is run or solved"),
    **dict.fromkeys(
        ("not-markov", "too-many-combinations", "too-many-jumps", "too-many-states"),
        "the file is valid: the exact solver cannot take it",
    ),
    **dict.fromkeys(("interrupted", "refused", "usage"), "a request, not a file, is at fault"),
    "our-fault": "a mistake in the program",
    "no-shared-outcome": "of two files together: tests/studies/test_compare.py",
    "no-gradient": "the file is valid: no gradient by that input",
    "bad-axis": "so far with faults of what the process makes, never alone",
    "stream-collision": "no two names are known to collide: tests/scenario/test_load.py makes two",
    "too-many-faults": "a file here has one fault: test_of_very_many_faults_some_are_told",
}
#: Codes that sim/world/processes.py makes of what a section's entries are called.
OF_NOUNS = {f"unknown-{noun}" for noun in ("place", "faction", "route", "line", "process")}
#: Calls whose first argument is a code.
TELLERS = ("Diagnostic", "PydanticCustomError", "_failed", "_warning", "add", "fault", "refuse")


def codes_in(program: str) -> set[str]:
    """Return the diagnostic codes that a module can give.

    Codes are the first arguments of calls that tell (of a set's ``add`` there is but one argument),
    arguments named ``code``, and what is assigned to ``code``.
    """
    found: list[ast.expr] = []
    for node in ast.walk(ast.parse(program)):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", None) or getattr(node.func, "id", "")
            if name in TELLERS and len(node.args) + len(node.keywords) > 1:
                # `_failed` of the command line has the exit status before the code.
                found += node.args[name == "_failed" :][:1]
            found += [keyword.value for keyword in node.keywords if keyword.arg == "code"]
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                names = getattr(target, "elts", [target])
                values = getattr(node.value, "elts", [node.value])
                pairs = zip(names, values, strict=False)
                found += [v for n, v in pairs if getattr(n, "id", "") == "code"]
    ways = [way for e in found for way in ([e.body, e.orelse] if isinstance(e, ast.IfExp) else [e])]
    texts = [way.value for way in ways if isinstance(way, ast.Constant)]
    return {t for t in texts if isinstance(t, str) and re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", t)}


def test_codes_are_found_in_a_program():
    program = (
        "faults.add('a-1', message, at)\n"
        "seen.add('no-code')\n"
        "raise ExprError('unlike', 1, 2, code='b-2' if x else 'c-3')\n"
        "code, message = 'd-4', 'unlike'\n"
        "self.add('e-5', message=m)\n"
        "return _failed(Exit.BAD, 'f-6', m, as_json)\n"
    )
    assert codes_in(program) == {"a-1", "b-2", "c-3", "d-4", "e-5", "f-6"}


def test_every_code_has_a_file_that_shows_it_or_a_reason():
    known = {c for p in (ROOT / "sim").rglob("*.py") for c in codes_in(p.read_text("utf-8"))}
    known |= OF_NOUNS
    shown = {code for p in INVALID for code, _, _ in headers(p, "expect")}
    shown |= {code for p in VALID for code, _, _ in headers(p, "warns")}
    assert shown - known == set(), "codes that the search in the source has missed"
    assert known - shown - NOT_FROM_A_FILE.keys() == set(), "codes that no file shows"
    assert NOT_FROM_A_FILE.keys() - known == set(), "reasons for codes that are gone"
    assert NOT_FROM_A_FILE.keys() & shown == set(), "reasons for codes that a file shows"


def test_of_very_many_faults_some_are_told(tmp_path):
    path = tmp_path / "faults.yaml"
    path.write_text(HEAD + "watch:\n" + "".join(f"  w{k}: []\n" for k in range(600)))
    *told, last = error_of(path).diagnostics
    assert {d.code for d in told} == {"wrong-type"}
    assert [d.position.line for d in told] == list(range(4, 504))
    assert (last.code, last.message, last.position) == (
        "too-many-faults",
        "and 100 more faults",
        None,
    )


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
