"""``extends``, ``variants`` and ``--set``: what they change, keep, and refuse."""

import pickle
from datetime import UTC, datetime

import pytest

from sim.errors import ScenarioError
from sim.net.canonical import canonical_json
from sim.net.expr import Call, Const, Ref
from sim.scenario.document import parse
from sim.scenario.load import load
from sim.scenario.merge import match
from sim.values import Faults, Source
from tests.scenario.build import DAY, STATE, faults, input_, law, net, quoted, scenario, text

BODY = """
parameters: {p: {uniform: [0, 1], source: me}, q.r: 2}
transitions:
  fall: {when: city == held, rate: 0.1 / day * p, memory: keep, then: {city: fallen}}
  march.$i:
    {for: {i: [1, 2]}, when: supply > 0, work: 3 km, pace: 2 km/day * q.r, then: {supply: 1}}
  convoy:
    every: 12 h
    from: 3 h
    branches: [{weight: 1, label: in, then: {supply: supply + 1}}, {weight: 0.3}]
definitions: {low: supply < 2, d.$i: {for: {i: [1, 2]}, value: supply * $i}}
outcomes: {falls: {when: city == fallen, label: It falls}}
watch: {low: low, two: d.2}
"""


def set_(**changes):
    """Return the net of the body with changes; ``__`` in a name is a dot."""
    return net(BODY, set={path.replace("__", "."): value for path, value in changes.items()})


def clock_of(made, name="fall"):
    return {t.name: t for t in made.transitions}[name].clock


def faults_of_set(path: str, value: object) -> list[tuple[str, str]]:
    return [(code, shown) for code, shown in faults(BODY, set={path: value})]


# Paths.


@pytest.mark.parametrize(
    ("path", "steps"),
    [
        ("a", ("a",)),
        ("a.b", ("a", "b")),
        ("a.b.c", ("a", "b.c")),
        ("a.b.c.d", ("a", "b.c", "d")),
        ("a.b.e", ("a", "b", "e")),
        ("a.x.$i.y", ("a", "x.$i", "y")),
        ("a.list.1", ("a", "list", "0")),
        ("a.list.in.w", ("a", "list", "1", "w")),
        ("a.list.2.w", ("a", "list", "1", "w")),
        ("z", None),
        ("a.b.z", None),
        ("a.list.3", None),
        ("a.b.e.f", None),
        ("", None),
    ],
)
def test_a_path_matches_the_longest_existing_key(path, steps):
    tree = parse(
        Source(
            "t",
            "a: {b: {e: 1}, b.c: {d: 2}, x.$i: {y: 3}, list: [1, {label: in, w: 2}]}",
        ),
        Faults(),
    )
    assert tree is not None
    assert match(tree, path) == steps


# --set.


def test_a_set_value_replaces():
    assert clock_of(set_(transitions__fall__rate="0.2 / day")).pace == Const(0.2 / DAY)
    assert input_(set_(**{"parameters.q.r": "5"}), "q.r").prior == Const(5.0)
    assert input_(set_(parameters__p="{beta: [1, 2]}"), "p").prior == law("beta", 1, 2)
    assert scenario(BODY, set={"title": "Other"}).title == "Other"
    assert net(BODY, set={"clock": "{horizon: 3 days}"}).horizon == Const(3 * DAY)


def test_a_value_is_replaced_whole_with_its_remarks():
    assert input_(net(BODY), "p").note.source == "me"
    assert input_(set_(parameters__p="0.5"), "p").note.source == ""
    assert input_(set_(parameters__p="{value: 0.5, grade: B2}"), "p").note.source == ""
    assert input_(set_(parameters__p="{source: you}"), "p").note.source == "you"


@pytest.mark.parametrize(
    ("value", "prior"),
    [(0.25, 0.25), (2, 2.0), (1e-300, 1e-300), ("0.25", 0.25), (True, 1.0), ("1/4", 0.25)],
)
def test_python_values_are_taken_as_they_are(value, prior):
    assert input_(set_(parameters__p=value), "p").prior == Const(prior)


def test_python_mappings_lists_and_dates():
    assert input_(set_(parameters__p={"uniform": [0, 0.5]}), "p").prior == law("uniform", 0, 0.5)
    assert net(BODY, set={"variables.supply.integer": (0, 9)}).variables[1].high == 9
    start = datetime(2024, 12, 6, tzinfo=UTC)
    found = scenario(clock="start: 2024-01-01T00:00Z, horizon: 9 days", set={"clock.start": start})
    assert found.clock.start == start


def test_a_new_clock_replaces_the_old_one():
    assert clock_of(set_(transitions__fall__after="3 h")).written == "after"
    assert clock_of(set_(transitions__fall__work="3 h")).written == "work"
    made = set_(**{"transitions.march.$i.rate": "1 / day"})
    assert [clock_of(made, f"march.{k}").written for k in (1, 2)] == ["rate", "rate"]
    every = set_(transitions__convoy="{at: [1 h, 2 h]}")
    assert clock_of(every, "convoy").instants == (Const(3_600.0), Const(7_200.0))


def test_a_clock_of_the_same_kind_keeps_the_rest():
    made = set_(**{"transitions.march.$i.work": "5 km"})
    assert clock_of(made, "march.1").law == law("deterministic", 5_000)
    assert clock_of(made, "march.1").pace == clock_of(net(BODY), "march.1").pace
    assert clock_of(set_(transitions__convoy__every="6 h"), "convoy").start == Const(10_800.0)


def test_null_deletes():
    assert clock_of(set_(transitions__convoy__from="null"), "convoy").start == Const(43_200.0)
    assert set_(transitions__fall=None).transitions[0].name == "march.1"


def test_items_of_lists_go_by_number_or_label():
    for path in ("transitions.convoy.branches.1.weight", "transitions.convoy.branches.in.weight"):
        made = net(BODY, set={path: "0.7"})
        weights = [b.weight for b in {t.name: t for t in made.transitions}["convoy"].branches]
        assert weights == [Const(0.7), Const(0.3)]


def test_an_effect_may_be_added():
    made = set_(transitions__fall__then="{supply: 0}")
    names = [
        e.target.name for e in {t.name: t for t in made.transitions}["fall"].branches[0].effects
    ]
    assert names == ["city", "supply"]


def test_an_expression_replaces_an_expression_and_keeps_its_label():
    made = set_(outcomes__falls="supply == 0")
    assert made.outcomes[0].label == "It falls"
    assert made.outcomes[0].when == Call("eq", (Ref("variable", "supply"), Const(0)))
    assert len(set_(**{"definitions.d.$i": "supply + $i"}).definitions) == 3


def test_an_override_keeps_its_place():
    before = [t.name for t in net(BODY).transitions]
    assert [t.name for t in set_(transitions__fall__after="3 h").transitions] == before


def test_changes_add_up():
    made = net(BODY, set={"clock.horizon": "3 days", "parameters.p": "0.5"})
    assert made.horizon == Const(3 * DAY)
    assert input_(made, "p").prior == Const(0.5)


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("transitions.fal.rate", "1 / day", "no-match"),
        ("transitions.fall.priority", "3", "no-match"),
        ("transitions.march.1.pace", "1 km/day", "no-match"),
        ("transitions.fall.rate.x", "1", "no-match"),
        ("parameters", "{z: 3}", "no-match"),
        ("parameters.p", "{z: 3}", "no-match"),
        ("clock.grid", "1 h", "no-match"),
        ("clock", "{grid: 1 h}", "no-match"),
        ("stop", "falls", "no-match"),
        ("variants", "{}", "fixed-in-variant"),
        ("extends", "x.yaml", "fixed-in-variant"),
        ("format", "1", "fixed-in-variant"),
        ("parameters.p", "", "no-value"),
        ("parameters.p", "[1", "yaml-syntax"),
        ("parameters.p", "!!int 3", "yaml-tag"),
        ("parameters.p", "\x00", "control-character"),
        ("parameters.p", "\ud800", "control-character"),
        ("parameters.p", float("nan"), "unknown-name"),
        ("transitions.fall.rate", "3", "dimension"),
        ("outcomes.falls.when", "suply == 0", "unknown-name"),
        ("transitions.fall", {"then": None}, "no-effect"),
        ("title", "{a: b}", "wrong-type"),
    ],
)
def test_what_cannot_be_set(path, value, code):
    with pytest.raises(ScenarioError, match=r"error\[") as caught:
        scenario(BODY, set={path: value})
    assert [d.code for d in caught.value.diagnostics] == [code]


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("p", "did you mean 'parameters.p'?"),
        ("fall.rate", "did you mean 'transitions.fall.rate'?"),
        ("transitions.fal.rate", "did you mean 'transitions.fall.rate'?"),
        ("transitions.march.1.pace", "it is made from the template 'march.$i': change that"),
    ],
)
def test_a_path_that_matches_nothing_gets_a_hint(path, hint):
    with pytest.raises(ScenarioError, match="no-match") as caught:
        scenario(BODY, set={path: "1"})
    assert caught.value.diagnostics[0].hint == hint


def test_a_fault_in_a_set_value_is_told_in_its_place():
    with pytest.raises(ScenarioError, match="unknown-name") as caught:
        scenario(BODY, set={"transitions.fall.rate": "nothing / day"})
    (d,) = caught.value.diagnostics
    assert d.position is not None
    assert d.position.file == "--set transitions.fall.rate"
    assert quoted(caught.value, d) == "nothing"


def test_a_value_inside_itself_is_refused():
    loop: list[object] = []
    loop.append(loop)
    assert faults_of_set("variables.supply.integer", loop)[0][0] == "too-deep"


# Variants.

VARIANTS = (
    BODY
    + """
variants:
  quick: {transitions.fall.rate: 1 / day}
  delayed: {transitions.fall.after: 3 days, title: Delayed}
  gone: {transitions.convoy: null}
  nested: {transitions: {fall: {rate: 2 / day}}, parameters: {p: 0.5}}
"""
)


def test_a_variant_is_the_file_with_its_changes():
    base = scenario(VARIANTS)
    assert base.variants == ("quick", "delayed", "gone", "nested")
    assert base.variant_name is None
    delayed = base.variant("delayed")
    assert (delayed.variant_name, delayed.title) == ("delayed", "Delayed")
    assert clock_of(delayed.net).written == "after"
    assert len(base.variant("gone").net.transitions) == len(base.net.transitions) - 1
    assert input_(base.variant("nested").net, "p").prior == Const(0.5)


def test_a_variant_equals_the_same_changes_by_hand():
    by_hand = net(BODY, set={"transitions.fall.rate": "1 / day"})
    assert canonical_json(scenario(VARIANTS).variant("quick").net) == canonical_json(by_hand)
    assert canonical_json(net(VARIANTS, variant="quick")) == canonical_json(by_hand)


def test_set_comes_after_the_variant_and_stays_with_variants():
    made = scenario(VARIANTS, set={"transitions.fall.rate": "5 / day"})
    assert clock_of(made.variant("quick").net).pace == Const(5 / DAY)
    assert made.variant("quick").overrides == {"transitions.fall.rate": "5 / day"}


def test_scenarios_and_their_variants_can_be_sent_to_other_processes():
    again = pickle.loads(pickle.dumps(scenario(VARIANTS)))
    assert again.variant("quick").variant_name == "quick"


def test_an_unknown_variant():
    with pytest.raises(ScenarioError, match="unknown variant 'quik'") as caught:
        scenario(VARIANTS).variant("quik")
    assert caught.value.diagnostics[0].hint == "did you mean 'quick'?"


def test_a_file_is_checked_with_each_of_its_variants():
    body = (
        BODY
        + """
variants:
  a: {transitions.fall.rate: 1}
  b: {definitions.low: null}
  c: {transitions.fal.rate: 1 / day}
  d: text
  e: {variants.a: 1}
  f-g: {title: x}
"""
    )
    with pytest.raises(ScenarioError, match=r"error\[") as caught:
        scenario(body)
    told = [(d.code, d.message) for d in caught.value.diagnostics]
    assert told == [
        ("unknown-name", "with the variant 'b': unknown name 'low'"),
        ("dimension", "with the variant 'a': this is a plain number"),
        ("no-match", "nothing is called 'transitions.fal.rate'"),
        ("wrong-type", "the variant 'd' is 'text'"),
        ("fixed-in-variant", "a variant may not change 'variants'"),
        ("bad-name", "the name 'f-g' holds '-'"),
    ]


def test_a_fault_of_the_file_is_not_told_for_each_variant():
    body = BODY.replace("city == fallen", "cty == fallen") + "variants: {a: {title: x}}"
    assert [code for code, _ in faults(body)] == ["unknown-name", "unknown-name"]


# extends.


def extended(tmp_path, over: str, base: str = text(BODY), name: str = "base.yaml"):
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text(base, encoding="utf-8")
    path = tmp_path / "over.yaml"
    path.write_text(f"extends: {name}\n{over}", encoding="utf-8")
    return load(path)


def test_a_file_adds_to_another(tmp_path):
    over = """
title: Over
transitions:
  added: {rate: 1 / day, then: {supply: 0}}
  fall: {rate: 1 / day, priority: 2}
parameters: {q.r: null, new: 3}
definitions: {low: null}
watch: {low: null}
"""
    made = extended(tmp_path, over, base=text(BODY.replace(" * q.r", "")))
    assert made.title == "Over"
    assert [t.name for t in made.net.transitions] == [
        *("fall", "march.1", "march.2", "convoy", "added"),
    ]
    assert clock_of(made.net).pace == Const(1 / DAY)
    assert made.net.transitions[0].priority == 2
    assert [i.name for i in made.net.inputs] == ["p", "new"]
    assert made.name == "over"
    assert len(made.digests) == 2


def test_variants_of_both_files_are_kept(tmp_path):
    made = extended(
        tmp_path,
        "variants: {over: {transitions.fall: null}, quick: {title: Quicker}}",
        text(VARIANTS),
    )
    assert set(made.variants) == {"over", "quick", "delayed", "gone", "nested"}
    assert made.variant("over").net.transitions[0].name == "march.1"
    assert made.variant("quick").title == "Quicker"
    assert clock_of(made.variant("quick").net).pace != Const(1 / DAY)


def test_a_chain_of_files(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "c.yaml").write_text(text(BODY), encoding="utf-8")
    made = extended(
        tmp_path, "clock: {horizon: 3 days}", "extends: c.yaml\ntitle: B\n", name="sub/b.yaml"
    )
    assert (made.title, made.net.horizon) == ("B", Const(3 * DAY))
    assert len(made.texts) == 3


def test_a_null_that_deletes_nothing_is_told(tmp_path):
    with pytest.raises(ScenarioError, match=r"nothing is called 'transitions\.nothing'"):
        extended(tmp_path, "transitions: {nothing: null}")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.yaml", "cannot be read: No such file"),
        ("../outside.yaml", "is outside the folder"),
        ("/etc/hosts", "is outside the folder"),
        ("sub/../../x.yaml", "is outside the folder"),
        ("over.yaml", "extends itself in a circle"),
        ("''", "'extends' has no value"),
        ("null", "'extends' has no value"),
        ("[a]", "'extends' is a list"),
        ("'\\0'", "cannot be read: it is no name of a file"),
        ("a" * 300, "cannot be read: File name too long"),
        (".", "is no file"),
        ("empty.yaml", "an empty file"),
        ("list.yaml", "holds a list, not a scenario"),
    ],
)
def test_what_cannot_be_extended(tmp_path, name, message):
    (tmp_path / "empty.yaml").write_text("")
    (tmp_path / "list.yaml").write_text("[1]")
    path = tmp_path / "over.yaml"
    name = name.replace("'\\0'", '"a\\0b"')
    path.write_text(f"extends: {name}\ntitle: Over\n", encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"error\[") as caught:
        load(path)
    assert any(message in d.message for d in caught.value.diagnostics), caught.value


@pytest.mark.parametrize("through", ["a file", "a folder", "two links"])
def test_no_link_leads_out_of_the_folder(tmp_path, through):
    outside, own = tmp_path / "outside", tmp_path / "own"
    outside.mkdir()
    own.mkdir()
    (outside / "base.yaml").write_text("title: Secret\n", encoding="utf-8")
    if through == "a folder":
        (own / "sub").symlink_to(outside, target_is_directory=True)
    else:
        (own / "link.yaml").symlink_to(outside / "base.yaml")
    (own / "again.yaml").symlink_to(own / "link.yaml")
    name = {"a file": "link.yaml", "a folder": "sub/base.yaml", "two links": "again.yaml"}[through]
    (own / "over.yaml").write_text(f"extends: {name}\ntitle: Over\n", encoding="utf-8")
    with pytest.raises(ScenarioError, match="is outside the folder of this scenario") as caught:
        load(own / "over.yaml")
    assert "Secret" not in "".join(caught.value.sources.values())


def test_two_files_that_extend_each_other(tmp_path):
    (tmp_path / "b.yaml").write_text("extends: over.yaml\n")
    path = tmp_path / "over.yaml"
    path.write_text("extends: b.yaml\n")
    with pytest.raises(ScenarioError, match=r"b.yaml:1:10: .*'over.yaml' extends itself"):
        load(path)


def test_a_text_extends_nothing():
    assert faults("extends: base.yaml", state=STATE) == [("bad-extends", "base.yaml")]
