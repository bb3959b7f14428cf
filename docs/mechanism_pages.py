"""The pages of the mechanisms: one of each kind in the registry, and an index.

A page is made of the docstring of the mechanism's module, its keys, its example, and what the
example becomes; its picture is drawn by ``docs.mechanism_pictures``.
"""

from __future__ import annotations

import inspect
import math
import re
import sys
from collections.abc import Iterator, Mapping
from textwrap import dedent
from typing import Any

import yaml

import sim
from docs.keys import MADE, Schema, said, table, takes
from sim.ensemble.model import Ensemble
from sim.keys import DEFAULT, UNIT, field_names
from sim.net.connections import Link
from sim.scenario.explained import Explained, TransitionTold, explained
from sim.scenario.json_schema import KIND, json_schema
from sim.scenario.model import Scenario
from sim.shown import counted
from sim.world.mechanisms.process import ProcessSpec
from sim.world.mechanisms.registry import BY_KIND
from sim.world.quantities import MARK, Default
from tests.oracles.mechanisms import Known, example, known

#: Of the ensemble that a page shows, and a picture.
REPLICATIONS, SEED = 10_000, 1
#: What stands for the names of an example, by section: for the first that is met, and a second.
LETTERS = {
    "places": "PQ", "factions": "FG", "routes": "RS", "links": "L", "supply": "L",
    "processes": "XY",
}  # fmt: skip
#: How many readers of a name are listed.
_MOST_READERS = 6
_INDEX = """
# Mechanisms

What goes on in a world, one page each: what it does and by which formula, every key with what its
default rests on, the names and transitions that it makes, a picture, and the smallest scenario
whose answer is known, which is also its test. [file-format.md](../file-format.md) says how they
work together.

A default has a mark: C, computed from data; R, read somewhere; J, judgement. It is *fixed*, or
*unknown* (what nobody knows: one draw for each replication), or *chance* (luck of a war, a place or
a fight).
"""


def pages() -> dict[str, str]:
    """Return the text of every page, by its file's name; an ensemble is run for each."""
    return {"index.md": index(), **{f"{kind}.md": page(kind, ensemble(kind)) for kind in BY_KIND}}


def ensemble(kind: str) -> Ensemble:
    """Return the run of an example that its page shows."""
    return sim.run(sim.loads(example(kind)), replications=REPLICATIONS, seed=SEED)


def index() -> str:
    """Return the list of mechanisms."""
    rows = ((f"[{kind}]({kind}.md)", _does(kind), _exists(BY_KIND[kind])) for kind in BY_KIND)
    return MADE + _INDEX + "\n" + table(("kind", "does", "exists"), rows)


def page(kind: str, run: Ensemble) -> str:
    """Return the page of a kind, with figures of a run of its example."""
    text = example(kind)
    scenario = sim.loads(text)
    parts = [
        f"# {kind}\n",
        *_prose(_body(kind)),
        "## How it behaves\n",
        f"![{described(scenario)}]({kind}.svg)\n",
        "## Keys\n",
        _keys(kind),
        f"It exists {_exists(BY_KIND[kind])}. Keys that all processes have are in the "
        f"[reference](../reference.md#processes-of-kind-{kind}).\n",
        *_made(kind, scenario),
        "## Known answer\n",
        f"```yaml\n{text}```\n",
        _answers(known(kind), run),
        f"These are {counted(run.n, 'replication')} of `frontcast run docs/mechanisms/{kind}.yaml "
        f"--seed {SEED}`. A test holds them to 4.5 standard errors, and has to notice "
        f"`{known(kind).fault[1]}` in place of `{known(kind).fault[0]}`.",
    ]
    return MADE + "\n" + "\n".join(parts) + "\n"


def described(scenario: Scenario) -> str:
    """Return what the picture of an example shows, in words."""
    outcomes = ", ".join(outcome.name for outcome in scenario.net.outcomes)
    watched = ", ".join(watch.name for watch in scenario.net.watches if not watch.is_made)
    shown = f"The probability of {outcomes} by time" + (f", and {watched}" if watched else "")
    variants = ", ".join(name.replace("_", " ") for name in scenario.variants)
    return f"{shown}, in the example below and in its variants: {variants}."


# What it does.


def _body(kind: str) -> str:
    """Return the docstring of a mechanism's module, which begins with its kind, as Markdown."""
    text, lead = inspect.getdoc(sys.modules[BY_KIND[kind].__module__]) or "", f"``{kind}``: "
    assert text.startswith(lead), f"the docstring of {kind} does not begin with {lead}"
    text = text.removeprefix(lead).replace("``", "`")
    return text[0].upper() + text[1:]


def _does(kind: str) -> str:
    """Return what a mechanism does, in a line."""
    first = " ".join(_body(kind).partition("\n\n")[0].split())
    return re.split(r"(?<=[^.A-Z])[.:] ", first)[0].rstrip(".:")


def _exists(model: type[ProcessSpec]) -> str:
    if not model.EVERY:
        return "where it is declared"
    one = {"places": "place", "factions": "faction", "routes": "route"}[model.EVERY]
    return f"for every {one}, without being declared"


def _prose(text: str) -> Iterator[str]:
    """Yield a docstring as Markdown: what is set in by four is a formula."""
    for block in re.split(r"\n\n+", text):
        is_formula = all(line.startswith("    ") for line in block.splitlines())
        yield f"```text\n{dedent(block)}\n```\n" if is_formula else f"{block}\n"


# Keys.


def _keys(kind: str) -> str:
    """Return the table of the keys that are a kind's own."""
    model = BY_KIND[kind]
    properties = _schema(kind)["properties"]
    common = set(field_names(ProcessSpec))
    rows = [
        (
            f"`{key}`",
            takes(schema, key).replace("](#", "](../reference.md#"),
            schema.get(UNIT, ""),
            f"`{schema[DEFAULT]}`" if _default(model, key) else schema.get(DEFAULT, ""),
            _role(_default(model, key), said(schema)),
            schema.get(MARK, ""),
            _source(_default(model, key)),
            said(schema).removesuffix("; chance"),
        )
        for key, schema in properties.items()
        if key not in common
    ]
    return table(("key", "takes", "unit", "default", "is", "mark", "source", "meaning"), rows)


def _schema(kind: str) -> Schema:
    return next(spec for spec in json_schema()["$defs"].values() if spec.get(KIND) == kind)


def _default(model: type[ProcessSpec], key: str) -> Default | None:
    """Return the value that a key has where a file does not state it; None if it is no quantity."""
    fields = model.model_fields
    made = fields[key if key in fields else f"{key}_"].default_factory
    value: Any = made() if made else None  # type: ignore[call-arg]
    return value if isinstance(value, Default) else None


def _role(default: Default | None, meaning: str) -> str:
    """Return whether a default is known, unknown, or luck."""
    if default is None:
        return ""
    if not isinstance(default.law, Mapping):
        return "fixed"
    return "chance" if "chance" in default.law or meaning.endswith("; chance") else "unknown"


def _source(default: Default | None) -> str:
    """Return what a default rests on; of judgement there is nothing to say."""
    return default.source if default and default.source != "default" else ""


# What it makes.


def _made(kind: str, scenario: Scenario) -> Iterator[str]:
    """Yield what is there because of it in its example, and what that reads."""
    told, own, letters = explained(scenario), _own(kind, scenario), _letters(scenario)
    parts = [
        *_names_made(told, own, letters),
        *_transitions_made(told, own, letters),
        *_reads(told, own, letters),
    ]
    yield from parts
    yield from _letters_said(" ".join(parts))


def _names_made(told: Explained, own: set[str], letters: Mapping[str, list[str]]) -> Iterator[str]:
    """Yield the table of names that it makes."""
    rows = {
        (name := f"`{general(thing.name, letters)}`"): (
            name, thing.meaning, thing.unit, _readers(thing.read_by, own, letters)
        )
        for thing in (*told.variables, *told.definitions)
        if thing.name in own
    }  # fmt: skip
    if rows:
        yield "## Names that it makes, in the example\n"
        yield table(("name", "meaning", "unit", "read by"), rows.values())


def _transitions_made(
    told: Explained, own: set[str], letters: Mapping[str, list[str]]
) -> Iterator[str]:
    """Yield the table of what may happen by it."""
    rows = {
        (name := f"`{general(thing.name, letters)}`"): (
            name, general(_told(thing), letters), ", ".join(_changed(thing, letters))
        )
        for thing in told.transitions
        if thing.name in own
    }  # fmt: skip
    if rows:
        yield "## What may happen, in the example\n"
        yield table(("transition", "tells", "changes"), rows.values())


def _own(kind: str, scenario: Scenario) -> set[str]:
    """Return the names of parts that an example has because of a mechanism.

    Those of a declared process begin with its name; what exists everywhere is what goes away when
    it is taken off.
    """
    declared = _declared(kind)
    if not BY_KIND[kind].EVERY:
        return {name for name in _names(scenario) if name.partition(".")[0] in declared}
    return _names(scenario) - _names(_without(kind, declared))


def _declared(kind: str) -> list[str]:
    processes = _written(example(kind)).get("processes", {})
    return [name for name, keys in processes.items() if keys["kind"] == kind]


def _without(kind: str, declared: list[str]) -> Scenario:
    """Return the example of a kind without it."""
    written = _written(example(kind))
    written.pop("variants", None)
    processes = written.setdefault("processes", {})
    for name in declared or ["taken_off"]:
        processes[name] = {"kind": kind, "off": "yes"}
    return sim.loads(yaml.safe_dump(written, sort_keys=False))


def _written(text: str) -> dict[str, Any]:
    """Return a file as mappings, lists and texts: a key ``off`` is no truth value."""
    written: dict[str, Any] = yaml.load(text, Loader=yaml.BaseLoader)
    return written


def _names(scenario: Scenario) -> set[str]:
    net = scenario.net
    return {part.name for part in (*net.variables, *net.definitions, *net.transitions)}


def _letters(scenario: Scenario) -> dict[str, list[str]]:
    """Return the names that an example gives, by section; of processes those that it declares.

    What exists everywhere has its name in the names of its parts, whatever a file calls it.
    """
    written = _written(scenario.text)
    found = {section: dict(written.get(section) or {}) for section in LETTERS}
    processes = found["processes"].items()
    found["processes"] = {n: keys for n, keys in processes if not BY_KIND[keys["kind"]].EVERY}
    return {section: list(names) for section, names in found.items()}


def general(text: str, names: Mapping[str, list[str]]) -> str:
    """Return a text with letters in place of the names of an example.

    A word after an article is none: ``army`` may be a name, and the army is not.
    """
    for section, letters in LETTERS.items():
        words = re.findall(r"\w+", text)
        found = [word for word in dict.fromkeys(words) if word in names.get(section, ())]
        for word, letter in zip(found, letters, strict=False):
            text = re.sub(rf"(?<!\w)(?<!\bthe )(?<!\ba ){word}(?!\w)", letter, text)
    return text


def _letters_said(text: str) -> Iterator[str]:
    """Yield what the letters of a text stand for."""
    nouns = {
        "P": "a place", "F": "a faction", "R": "a route", "L": "a link or line", "X": "the process",
    }  # fmt: skip
    told = [
        f"{letter} is {noun}" for letter, noun in nouns.items() if re.search(rf"\b{letter}\b", text)
    ]
    if told:
        yield f"{', '.join(told)}.\n"


def _told(thing: TransitionTold) -> str:
    return thing.says or "; ".join(filter(None, (branch.says for branch in thing.branches)))


def _changed(thing: TransitionTold, letters: Mapping[str, list[str]]) -> list[str]:
    return list(dict.fromkeys(f"`{general(name, letters)}`" for name in thing.writes))


def _readers(links: tuple[Link, ...], own: set[str], letters: Mapping[str, list[str]]) -> str:
    """Return who reads a name besides the mechanism itself and what the example asks."""
    parts = [
        link.part for link in links if link.part.kind in ("transition", "definition", "variable")
    ]
    names = dict.fromkeys(general(part.name, letters) for part in parts if part.name not in own)
    listed = [f"`{name}`" for name in names]
    more = [f"and {len(listed) - _MOST_READERS} more"] if len(listed) > _MOST_READERS else []
    return ", ".join(listed[:_MOST_READERS] + more)


def _reads(told: Explained, own: set[str], letters: Mapping[str, list[str]]) -> Iterator[str]:
    """Yield what it reads: names of the state that are not its own, and keys of others."""
    state = {thing.name for thing in (*told.variables, *told.definitions)} - own
    keys = {given.name for given in told.inputs if not given.path.startswith("processes.")}
    readers = [thing for thing in (*told.definitions, *told.transitions) if thing.name in own]
    for what, names in (("", state), ("of the file the keys ", keys)):
        read = (name for thing in readers for name in thing.reads if name in names)
        if found := dict.fromkeys(general(name, letters) for name in read):
            yield f"It reads {what}{', '.join(f'`{name}`' for name in found)}.\n"


# Its known answer.


def _answers(answer: Known, run: Ensemble) -> str:
    """Return the table of what is known and what the program gives."""
    rows = [_chance(outcome, t, p, run) for (outcome, t), p in answer.by.items()]
    rows += [_day(outcome, day, run) for outcome, day in answer.at.items()]
    return table(("", "known", "the program", "95 % interval"), rows)


def _chance(outcome: str, t: float, p: float, run: Ensemble) -> tuple[str, ...]:
    found = run.probability(outcome, by=t)
    interval = f"{100 * found.low:.2f} to {100 * found.high:.2f} %"
    return f"`{outcome}` by day {t:g}", f"{100 * p:.2f} %", f"{100 * found.value:.2f} %", interval


def _day(outcome: str, day: float, run: Ensemble) -> tuple[str, ...]:
    times = sorted({round(float(t), 9) for t in run.times(outcome)})
    found = " to ".join(map(_dated, dict.fromkeys((times[0], times[-1]))))
    return f"`{outcome}`", _dated(day), found, "no chance"


def _dated(day: float) -> str:
    return f"on day {day:g}" if math.isfinite(day) else "never"
