"""What no file can lift: each cap of ``docs/security.md`` with the most that fits, and one more.

The numbers stand here as they stand there: a cap that moves is to be seen.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

import sim
from sim.errors import RunFault, ScenarioError

PAGE = Path(__file__).parents[1] / "docs" / "security.md"
HEAD = "title: Caps\nclock: {horizon: 10 days}\nvariables: {n: {integer: [0, 5], initial: 0}}\n"


def of_bytes(n: int) -> str:
    return HEAD + "#" * (n - len(HEAD))


def of_levels(n: int) -> str:
    return HEAD + "reports: " + "[" * (n - 1) + "]" * (n - 1)


def of_values(n: int) -> str:
    """Return a list, aliases of it, and as many values as it takes to come to n."""
    size, aliases = 8_999, 20
    left = n - aliases * (size + 1) - 17  # the head has 16, and the list is one
    listed = ["&a [" + ", ".join(["x"] * size) + "]", *["*a"] * (aliases - 1), *["x"] * left]
    return HEAD.replace("title: Caps", f"title: [{', '.join(listed)}]")


def of_transitions(n: int) -> str:
    numbers = ", ".join(map(str, range(1, n + 1)))
    return (
        HEAD + f"transitions: {{t.$i: {{for: {{i: [{numbers}]}}, rate: 1 / day, then: {{n: 1}}}}}}"
    )


def expression(text: str) -> str:
    return HEAD + f"watch:\n  a: {text}\n"


CAPS: dict[str, tuple[Callable[[int], str], int, str]] = {
    "bytes of a file": (of_bytes, 2_000_000, "too-large"),
    "levels of nesting": (of_levels, 60, "too-deep"),
    "values of a file, aliases written out": (of_values, 200_000, "too-large"),
    "transitions": (of_transitions, 5_000, "too-large"),
    "characters of an expression": (
        lambda n: expression(f"'{'n'.ljust(n)}'"),
        4_000,
        "too-large",
    ),
    "levels of an expression": (
        lambda n: expression("(" * (n - 1) + "n" + ")" * (n - 1)),
        64,
        "too-large",
    ),
    "parts of an expression": (
        lambda n: expression(
            "+".join(["n"] * ((n + 1) // 2)) if n % 2 else "-" + "+".join(["n"] * (n // 2))
        ),
        500,
        "too-large",
    ),
    "k of an Erlang law": (
        lambda n: HEAD + f"parameters: {{p: {{erlang: {{k: {n}, mean: 1 day}}}}}}",
        1_000,
        "bad-distribution",
    ),
    "events of a replication": (
        lambda n: HEAD + f"limits: {{events: {n}}}",
        100_000_000,
        "out-of-range",
    ),
}


@pytest.mark.parametrize("cap", CAPS)
def test_the_most_that_fits_is_taken_and_one_more_is_refused(cap):
    make, most, code = CAPS[cap]
    assert code not in codes(make(most))
    assert codes(make(most + 1)) == [code]


def codes(text: str) -> list[str]:
    try:
        sim.loads(text)
    except ScenarioError as error:
        return [d.code for d in error.diagnostics]
    return []


@pytest.mark.parametrize("cap", CAPS)
def test_the_page_says_each_cap(cap):
    number = f"{CAPS[cap][1]:,}"
    assert re.search(rf"\| {re.escape(cap)} \| {number} \|", PAGE.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "how", [{"set": {"limits.events": "100000001"}}, {"variant": "more"}], ids=["set", "variant"]
)
def test_a_cap_cannot_be_lifted_from_outside_either(how):
    text = HEAD + "limits: {events: 9}\nvariants: {more: {limits.events: 100000001}}\n"
    with pytest.raises(ScenarioError, match="'events' is 100000001"):
        sim.loads(text, **how)


@pytest.mark.parametrize("engine", ["compiled", "reference"])
def test_a_replication_ends_at_its_cap_of_events(engine):
    text = HEAD + "transitions: {t: {rate: 9000 / day, then: {n: 1}}}\nlimits: {events: 100}\n"
    with pytest.raises(RunFault, match="100 events"):
        sim.run(sim.loads(text), replications=2, engine=engine)
