"""Names, lists and templates."""

import pytest

from sim.names import name_fault, scripts
from sim.net.expr import Call, Const, Ref
from tests.scenario.build import errors, faults, net, scenario, variable


@pytest.mark.parametrize(
    "name", ["x", "c.1", "Homs", "حمص", "ville_détruite", "city.2.b", "अरक", "a_"]
)
def test_what_is_a_name(name):
    assert name_fault(name) is None


@pytest.mark.parametrize(
    "name",
    [
        *("", "1a", "_a", ".a", "a.", "a b", "a-b", "a/b", "a$", "a٣", "a²", "e\u0301", "a\u202eb"),
        *("x" * 65, "time", "inf", "if", "for", "true", "day", "km", "min", "sum", "exp", "any"),
    ],
)
def test_what_is_none(name):
    assert name_fault(name) is not None


def test_letters_of_two_scripts_in_one_name_are_told():
    assert scripts("a.b") == {"LATIN"}
    assert scripts("Нomс") == {"CYRILLIC", "LATIN"}
    made = scenario("definitions: {Нoms: supply}\nwatch: {w: Нoms}")
    assert "mixed-scripts" in [w.code for w in made.warnings]


def test_one_letter_over_a_list_and_over_its_own():
    made = net(
        "variables:\n"
        "  v.$i: {for: {i: city}, integer: [0, 9], initial: 1}\n"
        "  w.$i: {for: {i: [1, 2, 3]}, integer: [0, 9], initial: $i}\n"
        "watch: {n: sum(v.$j for j in city), most: max(w.$j for j in three)}\n",
        state="lists: {city: [homs, hama], three: [1, 2, 3]}\n",
    )
    assert [v.name for v in made.variables] == ["v.homs", "v.hama", "w.1", "w.2", "w.3"]
    assert variable(made, "w.3").initial == Const(3)
    assert made.watches[0].expr == Call(
        "add", (Ref("variable", "v.homs"), Ref("variable", "v.hama"))
    )


def test_several_letters_are_a_product_in_file_order():
    made = net("definitions: {d.$i.$j: {for: {i: [a, b], j: [1, 2]}, value: $j}}")
    assert [d.name for d in made.definitions] == ["d.a.1", "d.a.2", "d.b.1", "d.b.2"]


def test_a_list_of_mappings_gives_several_letters_at_once():
    rows = "[{i: 2, p: 1}, {i: 3, p: 2}]"
    for written in (f"{{for: {rows}, value: $i - $p}}", "{for: pairs, value: $i - $p}"):
        made = net(f"lists: {{pairs: {rows}}}\ndefinitions: {{d.$i: {written}}}")
        assert [(d.name, d.expr) for d in made.definitions] == [
            ("d.2", Const(1.0)),
            ("d.3", Const(1.0)),
        ]


def test_a_letter_stands_for_its_value_in_brackets():
    made = net("definitions: {d.$i: {for: [{i: 1, x: supply + 1}], value: 2 * $x}}")
    plus = Call("add", (Ref("variable", "supply"), Const(1)))
    assert made.definitions[0].expr == Call("mul", (Const(2), plus))


def test_templates_make_outcomes_watches_and_totals():
    made = net(
        "outcomes:\n"
        "  o.$i: {for: {i: [1, 2]}, when: supply == $i, label: Level $i, question: '$i?'}\n"
        "watch: {w.$i: {for: {i: [1, 2]}, value: supply * $i}}\n"
        "totals: {t.$i: {for: {i: [1, 2]}, value: supply == $i}}\n"
    )
    assert [(o.name, o.label, o.question) for o in made.outcomes] == [
        ("o.1", "Level 1", "1?"),
        ("o.2", "Level 2", "2?"),
    ]
    assert [w.name for w in made.watches] == ["w.1", "w.2"]
    assert [t.name for t in made.totals] == ["t.1", "t.2"]


def test_the_parts_of_a_template_share_their_place():
    made = net("definitions: {d.$i: {for: {i: [1, 2]}, value: $i}}")
    first, second = (d.origin for d in made.definitions)
    assert (first.path, first.position) == (second.path, second.position)
    assert first.path == "definitions.d.$i"


def test_an_empty_list_makes_no_part():
    made = net(
        "lists: {none: []}\n"
        "definitions: {d.$i: {for: {i: []}, value: $i}}\n"
        "watch: {w: sum(1 for j in none)}"
    )
    assert made.definitions == ()
    assert made.watches[0].expr == Const(0)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("definitions: {d.$i: 1}", [("unknown-letter", "d.$i")]),
        ("definitions: {d.$k: {for: {i: [1]}, value: 1}}", [("unknown-letter", "d.$k")]),
        ("definitions: {d.$i: {for: {i: [1]}, value: $k}}", [("unknown-letter", "$k")]),
        ("definitions: {d: {for: {i: [1, 2]}, value: $i}}", [("duplicate-name", "d")]),
        ("definitions: {d.$i: {for: {i: [1, 1]}, value: 1}}", [("duplicate-name", "d.$i")]),
        ("definitions: {d.1: 1, d.$i: {for: {i: [1]}, value: 1}}", [("duplicate-name", "d.$i")]),
        ("definitions: {d.$i: {for: {i: cities}, value: 1}}", [("unknown-list", "cities")]),
        ("definitions: {d.$i: {for: cities, value: 1}}", [("unknown-list", "cities")]),
        ("definitions: {d.$i: {for: [a, b], value: 1}}", [("bad-for", "[")]),
        ("definitions: {d.$i: {for: {i: {a: 1}}, value: 1}}", [("bad-for", "{")]),
        ("definitions: {d.$i: {for: {1: [a]}, value: 1}}", [("bad-name", "1")]),
        ("definitions: {d.$i: {for: [{i: 1}, {j: 2}], value: 1}}", [("bad-for", "{")]),
        ("definitions: {d.$i: {for: {i: [a b]}, value: 1}}", [("bad-name", "d.$i")]),
        ("lists: {c: 3}", [("wrong-type", "3")]),
        ("lists: {c: {a: 1}}", [("wrong-type", "{")]),
        ("lists: {c: [[1]]}", [("wrong-type", "[")]),
        ("lists: {c: [1, {i: 1}]}", [("wrong-type", "[")]),
        ("lists: {max: [1]}", [("bad-name", "max")]),
        (
            "lists: {c: [1, ]}\ndefinitions: {d: sum(1 for j in e)}",
            [("unknown-list", "sum(1 for j in e)")],
        ),
        ("parameters: {supply: 1}", [("name-taken", "supply")]),
        ("definitions: {city: 1}", [("name-taken", "city")]),
        ("outcomes: {held: supply == 0}", [("name-taken", "held")]),
        ("parameters: {p: 1}\noutcomes: {p: supply == 0}", [("name-taken", "p")]),
        (
            "transitions: {t: {rate: 1 / day, then: {}}}\nparameters: {t.fired: 1}",
            [("name-taken", "t.fired")],
        ),
        ("watch: {time: supply}", [("bad-name", "time")]),
        ("transitions: {a b: {rate: 1 / day, then: {}}}", [("bad-name", "a b")]),
    ],
)
def test_what_is_wrong_with_names_and_templates(body, expected):
    assert faults(body) == expected


def test_others_may_read_what_is_misnamed():
    assert faults("definitions: {1a: supply, max: 3}\nwatch: {w: max + supply}") == [
        ("bad-name", "1a"),
        ("bad-name", "max"),
    ]


def test_watches_and_totals_have_name_spaces_of_their_own():
    made = net("watch: {supply: supply, held: city == held}\ntotals: {supply: supply}")
    assert [w.name for w in made.watches] == ["supply", "held"]


def test_too_many_parts_are_told_once():
    body = (
        "lists: {many: [" + ", ".join(map(str, range(101))) + "]}\n"
        "definitions:\n"
        "  a.$i.$j: {for: {i: many, j: many}, value: 1}\n"
        "  b.$i.$j: {for: {i: many, j: many}, value: 1}\n"
    )
    assert [d.code for d in errors(body)] == ["too-large"]


def test_definitions_are_sorted_so_that_each_can_be_computed():
    made = net("definitions: {a: b + c, b: c, c: supply, d: 1}")
    assert [d.name for d in made.definitions] == ["c", "b", "a", "d"]


@pytest.mark.parametrize(
    ("definitions", "message"),
    [
        ("{a: a}", "the definition 'a' reads itself"),
        ("{a: b, b: c, c: a}", "definitions read each other in a circle: a -> b -> c -> a"),
        (
            "{s.$i: {for: {i: [1, 2]}, value: sum(s.$j for j in both)}}",
            "the definition 's.1' reads itself",
        ),
    ],
)
def test_a_circle_is_named(definitions, message):
    found = errors(f"lists: {{both: [1, 2]}}\ndefinitions: {definitions}")
    assert found[0].code == "circle"
    assert found[0].message == message


def test_a_long_chain_of_definitions_in_the_wrong_order():
    chain = "".join(f"  d{k}: d{k + 1} + 1\n" for k in range(3_000))
    made = net(f"definitions:\n{chain}  d3000: supply\nwatch: {{w: d0}}")
    assert made.definitions[0].name == "d3000"
    assert len(made.definitions) == 3_001


def test_transitions_are_counted_over_all_templates():
    template = "{for: {i: many}, rate: 1 / day, then: {}}"
    body = (
        "lists: {many: [" + ", ".join(map(str, range(2_501))) + "]}\n"
        f"transitions:\n  t.$i: {template}\n  u.$i: {template}\n"
    )
    assert [d.code for d in errors(body)] == ["too-large"]


def test_what_a_faulty_template_would_have_made_is_not_called_unknown():
    body = """
    variables:
      x.$i: {for: {i: cites}, integer: [0, 5], initial: 1}
    lists: {cities: [1, 2]}
    outcomes: {o: x.1 > 3}
    transitions: {t: {rate: x.2 / day, then: {x.1: 0}}}
    """
    assert [d.code for d in errors(body, state="")] == ["unknown-list"]
