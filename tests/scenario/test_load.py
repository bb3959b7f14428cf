"""Loading as a whole: what a scenario knows, what starts, and that no input gives a traceback."""

import hashlib
import string
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sim
from sim.errors import ScenarioError
from sim.net.canonical import digest
from sim.net.expr import Call, Const, Ref
from sim.net.model import DEFAULT_EVENT_LIMIT, firing_names
from sim.scenario.load import load, loads
from sim.scenario.model import Scenario
from sim.values import MAX_FAULTS
from tests.scenario.build import errors, faults, net, scenario, text

ROOT = Path(__file__).parents[2]
FOUR_CITIES = ROOT / "scenarios" / "four_cities.yaml"


# What a scenario knows.


def test_what_a_scenario_knows_of_its_file(tmp_path):
    path = tmp_path / "my scenario.yaml"
    written = text("question: When?\ndescription: |\n  One.\n\n  Two.\n").replace(
        "Test", "A  title"
    )
    path.write_text(written, encoding="utf-8")
    made = load(path)
    assert (made.name, made.path) == ("my scenario", str(path))
    assert (made.title, made.question) == ("A title", "When?")
    assert made.description == "One.\n\nTwo."
    assert made.text == written
    assert made.digests == {str(path): hashlib.sha256(written.encode()).hexdigest()}
    assert made.inputs == made.net.uncertain_inputs


def test_the_example_of_the_documentation():
    made = load(ROOT / "tests" / "corpus" / "valid" / "two-cities.yaml").net
    names = [t.name for t in made.transitions]
    assert names == [
        *("attack.1", "march", "repulse.1", "repulse.2", "fall.1", "fall.2", "strike"),
        *("repair", "consume", "convoy", "ultimatum"),
    ]
    assert "convoy/arrives" in firing_names(made)
    assert [o.name for o in made.outcomes][-1] == "cut_off_first"
    assert made.outcomes[-1].when == Call(
        "and", (Ref("outcome", "cut_off"), Call("not", (Ref("outcome", "city_2_falls"),)))
    )
    assert made.stop == Ref("outcome", "city_2_falls")
    assert made.event_limit == DEFAULT_EVENT_LIMIT


def test_a_net_does_not_depend_on_layout():
    flow = text("{transitions: {t: {rate: 1 / day, then: {supply: supply - 1}}}}"[1:-1])
    block = text(
        """
        # a comment
        transitions:
          t:
            then:
              supply:   supply   -   1
            rate: '1/day'
        """
    )
    assert digest(loads(flow).net) == digest(loads(block).net)


def test_limits_of_a_replication():
    assert net("limits: {events: 5}").event_limit == 5
    assert faults("limits: {events: 0}") == [("out-of-range", "0")]
    assert faults("limits: {events: 1.5}") == [("wrong-type", "1.5")]
    assert faults("limits: {event: 5}") == [("unknown-field", "event")]


def test_warnings_do_not_block():
    made = scenario("definitions: {unused: supply}")
    assert "never-read" in [w.code for w in made.warnings]
    assert all(w.severity == "warning" and w.position for w in made.warnings)


# What is wrong with the file as a whole.


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("[1]", [("wrong-type", "[")]),
        ("only text", [("wrong-type", "only text")]),
        ("title: T\n", [("missing-field", "t")]),
        ("clock: {horizon: 3 days}\n", [("missing-field", "c")]),
        ("titel: T\nclock: {horizon: 3 days}\n", [("unknown-field", "titel")]),
        ("title: T\nclock: 3 days\n", [("wrong-type", "3 days")]),
        ("title: {a: b}\nclock: {horizon: 3 days}\n", [("wrong-type", "{")]),
        ("title: 'a\u202eb'\nclock: {horizon: 3 days}\n", [("control-character", "'a\u202eb'")]),
        ("title:\nclock: {horizon: 3 days}\n", [("no-value", "title")]),
        ("title: T\nclock:\n", [("no-value", "clock")]),
        ("format: 2\ntitle: T\nfuture: x\n", [("format", "2")]),
        ("format: one\ntitle: T\nclock: {horizon: 3 days}\n", [("wrong-type", "one")]),
        ("title: T\nclock: {horizon: 3 days}\nvariables: [a]\n", [("wrong-type", "[")]),
        ("title: T\nclock: {horizon: 3 days}\nchecks: [{a: b}]\n", [("unknown-field", "a")]),
    ],
)
def test_what_is_wrong_with_a_file(written, expected):
    with pytest.raises(ScenarioError, match=r"error\[") as caught:
        loads(written)
    found = caught.value
    lines = written.split("\n")
    assert [
        (d.code, lines[d.position.line - 1][d.position.column - 1 :][: d.position.length])
        for d in found.diagnostics
        if d.position
    ] == expected


def test_a_format_of_this_version_is_read():
    assert loads("format: 1\n" + text()).title == "Test"
    assert loads("format: 01\n" + text()).title == "Test"


def test_empty_sections_are_empty():
    assert net("transitions:\noutcomes: {}\nlists:\nparameters: ~\n").transitions == ()


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        (
            "definitions: {d: max(supply, 1)}",
            'quote it: d: "max(supply, 1)"',
        ),
        (
            "transitions: {t: {rate: clip(supply, 1, 2) / day, then: {}}}",
            'quote it: rate: "clip(supply, 1, 2) / day"',
        ),
        (
            "transitions: {t: {rate: 1/day, branches: [{weight: min(1, max(2, 3)), then: {}}]}}",
            'quote it: weight: "min(1, max(2, 3))"',
        ),
        ("variables: {v: {real: [0, max(1, 2)], initial: 0}}", 'quote it: "max(1, 2)"'),
    ],
)
def test_an_expression_with_a_comma_in_braces_gets_exactly_one_hint(body, hint):
    state = "" if body.startswith("variables") else None
    found = errors(body, **({} if state is None else {"state": state}))
    assert [(d.code, d.hint) for d in found] == [("unquoted-comma", hint)]


def test_very_many_faults_are_cut():
    body = "definitions: {" + ", ".join(f"d{k}: nothing{k}" for k in range(2_000)) + "}"
    found = errors(body)
    assert len(found) == MAX_FAULTS


# No input gives a traceback.


def is_scenario_or_error(make) -> None:
    try:
        found = make()
    except ScenarioError as error:
        found = error
    assert isinstance(found, Scenario | ScenarioError)
    if isinstance(found, ScenarioError):
        assert found.diagnostics
        assert all(d.message and d.code for d in found.diagnostics)
        assert str(found)


@given(st.binary(max_size=300))
def test_any_bytes_give_a_scenario_or_an_error(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "bytes.yaml"
    path.write_bytes(data)
    is_scenario_or_error(lambda: load(path))


printable = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=60)
mathematical = st.text(
    st.sampled_from("supply city held () + - * / < > = ! . , $ i 0 1 9 e if else")
)
PLACES = [
    "transitions: {{t: {{rate: {}, then: {{}}}}}}",
    "transitions: {{t: {{after: {}, then: {{}}}}}}",
    "transitions: {{t: {{work: {}, pace: {}, then: {{}}}}}}",
    "transitions: {{t: {{at: {}, then: {{}}}}}}",
    "transitions: {{t: {{rate: 1/day, when: {}, then: {{supply: {}, city: {}}}}}}}",
    "transitions: {{t: {{rate: 1/day, says: {}, then: {{}}}}}}",
    "transitions: {{t: {{rate: 1/day, branches: [{{weight: {}, label: {}}}]}}}}",
    "parameters: {{p: {}, q: {{uniform: [{}, 3]}}, r: {{discrete: {{{}: 1}}}}}}",
    "variables: {{v: {{real: [0, {}], initial: {}}}, w: {{states: [a, {}]}}}}",
    "definitions: {{d.$i: {{for: {{i: [{}]}}, value: {}}}}}",
    "outcomes: {{{}: {}}}",
    "stop: {}",
    "question: {}",
]


@settings(max_examples=300)
@given(st.sampled_from(PLACES), st.one_of(printable, mathematical))
def test_any_text_in_any_place_gives_a_scenario_or_an_error(place, written):
    quotation = '"' + written.replace("\\", "\\\\").replace('"', '\\"') + '"'
    body = place.format(*[quotation] * place.count("{}"))
    state = "" if place.startswith("variables") else None
    is_scenario_or_error(
        lambda: loads(text(body) if state is None else text(body, state=state), "t.yaml")
    )


@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.floats(), st.integers(), printable),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(printable, inner, max_size=3),
        max_leaves=6,
    ),
    st.sampled_from(["parameters.p", "transitions.t", "transitions.t.rate", "clock", "title"]),
)
def test_any_value_may_be_set(value, path):
    body = "parameters: {p: 1}\ntransitions: {t: {rate: p / day, then: {}}}"
    is_scenario_or_error(lambda: scenario(body, set={path: value}))


@given(printable)
def test_any_path_may_be_set(path):
    is_scenario_or_error(lambda: scenario("parameters: {p: 1}", set={path: "1"}))


# Files that cannot be read.


def test_what_cannot_be_read_is_not_our_fault(tmp_path):
    with pytest.raises(FileNotFoundError, match="missing"):
        load(tmp_path / "missing.yaml")
    with pytest.raises(IsADirectoryError, match="directory"):
        load(tmp_path)


# Starting up.


def test_reading_a_scenario_needs_no_numerical_library():
    program = (
        "import sys, sim\n"
        f"sim.load({str(FOUR_CITIES)!r})\n"
        "heavy = {'numpy', 'scipy', 'pandas', 'matplotlib', 'numba', 'simpy', 'pyarrow', 'click'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == "[]"


def test_the_public_names():
    assert sim.load is load
    assert sim.loads is loads
    assert sim.Scenario is Scenario
    assert sim.ScenarioError is ScenarioError
    assert len(sim.__all__) <= 12
    assert set(sim.__all__) <= set(dir(sim))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = sim.nothing


def test_exact_is_a_function_and_a_package_whichever_comes_first():
    program = (
        "import sim\n"
        "first = sim.exact\n"
        "import sim.exact.solve\n"
        "assert callable(first) and callable(sim.exact) and sim.exact.solve.exact\n"
    )
    for order in (program, "import sim.exact.solve\n" + program):
        subprocess.run([sys.executable, "-c", order], check=True, cwd=ROOT)


@pytest.mark.parametrize("letter", string.ascii_letters)
def test_names_of_one_letter_are_names_unless_units(letter):
    body = f"definitions: {{{letter}: supply}}\nwatch: {{w: {letter}}}"
    if letter in "shm":
        assert faults(body)[0] == ("bad-name", letter)
    else:
        assert net(body).watches[0].expr == Ref("definition", letter)


def test_numbers_are_read_to_the_last_bit():
    made = net("parameters: {p: 0.1, q: 1e-3, r: 123456789.123456789, s1: .5}")
    assert [i.prior for i in made.inputs] == [
        *(Const(0.1), Const(0.001), Const(123456789.123456789), Const(0.5)),
    ]


def test_two_inputs_of_one_name():
    body = """
    parameters: {transitions.t.rate: 1 / day}
    transitions: {t: {rate: {uniform: [1 / day, 2 / day]}, then: {}}}
    """
    assert faults(body) == [("duplicate-name", "{")]


def test_two_streams_of_one_number(monkeypatch):
    monkeypatch.setattr("sim.scenario.compile.name_hash", lambda key: key[-1])
    body = "transitions: {ta: {rate: 1 / day, then: {}}, ba: {rate: 1 / day, then: {}}}"
    assert [d.code for d in errors(body)] == ["stream-collision"]


def test_a_long_text_for_says_is_refused():
    body = "transitions: {t: {rate: 1 / day, then: {}, says: " + "x" * 4_001 + "}}"
    assert [d.code for d in errors(body)] == ["too-large"]


@pytest.mark.parametrize(
    "body",
    [
        "definitions: {a: (, " + ", ".join(f"k{k}" for k in range(20_000)) + "}",
        "definitions: {" + ", ".join(f"k{k}: (" for k in range(20_000)) + "}",
        "definitions: {" + ", ".join(f"k{k}" for k in range(20_000)) + "}",
        "definitions:\n" + "  d: 1\n" * 20_000,
        "transitions:\n  t: {" + ", ".join(f"k{k}: 1" for k in range(20_000)) + "}",
        "transitions:\n  t:\n    rate: 1 / day\n    branches:\n"
        + "".join(f"    - {{label: l{k}}}\n" for k in range(10_000)),
    ],
    ids=["open", "many open", "no values", "one key", "unknown fields", "branches"],
)
def test_large_files_take_linear_time(body):
    start = time.process_time()
    is_scenario_or_error(lambda: loads(text(body), "t.yaml"))
    assert time.process_time() - start < 10  # a second or two; quadratic time would take minutes
