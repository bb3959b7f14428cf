"""What a scenario means, as text for a terminal.

Expressions stand as their author wrote them; units are in brackets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sim.cli import chart, text
from sim.cli.render import safe
from sim.cli.text import Look
from sim.scenario.explained import (
    BranchTold,
    DefinitionTold,
    DrawTold,
    Explained,
    FlowTold,
    InputTold,
    OutcomeTold,
    SeriesTold,
    SourceTold,
    TransitionTold,
    VariableTold,
    with_unit,
)

if TYPE_CHECKING:
    from datetime import datetime

    from sim.net.connections import Link
    from sim.net.model import Note

_LABEL = 9
#: Entries of so many lines stand close together.
_SHORT = 3
_GAP = "    "
_ROLES = {
    "ignorance": ("What nobody knows", "drawn once for each replication"),
    "chance": ("What is luck", "drawn once for each replication"),
    "computed": ("Computed", "once for each replication"),
    "fixed": ("Fixed", ""),
}
_MEMORY = {
    "keep": "kept: work done stays done while it may not fire",
    "redraw": "none: it begins anew each time that it may fire",
}
_TIED = re.compile(r" (==|!=|<=|>=|<|>|=) ")
_PLURALS = {"watch": "watch", "stop": "stop", "horizon": "the horizon"}
_MARKS = "Marks: C computed from data, R read in a source, J judgement."


@dataclass(frozen=True)
class Teller:
    """Writes what a scenario means for one look; ``is_full`` says where each name is read.

    Readers by ``says`` alone change nothing: only where it is full are they told, too.
    """

    look: Look
    is_full: bool = False

    def lines(self, told: Explained) -> list[str]:
        """Return everything, with headings."""
        return [*self.head(told), "", *self.clock(told), *self.contents(told)]

    def close_up(self, chosen: Explained, others: Explained) -> list[str]:
        """Return some parts in detail, and then those that are next to them."""
        lines = [*self.title_line(chosen), *self.contents(chosen)]
        around = replace(self, is_full=False).contents(others)
        if around:
            lines += ["", "", self.look.styled("What is next to it", "bold"), *around]
        return lines

    def contents(self, told: Explained) -> list[str]:
        """Return every part of a scenario, by kind."""
        sections: list[tuple[str, list[list[str]]]] = [
            ("Outcomes: what is asked", [self.outcome(o) for o in told.outcomes]),
            ("Variables: the state of things", [self.variable(v) for v in told.variables]),
            ("Transitions: what may happen", [self.transition(t) for t in told.transitions]),
            ("Definitions: names for expressions", [self.definition(d) for d in told.definitions]),
            ("Watched on the grid", [self.watch(w) for w in told.watch]),
            ("Totals: summed over the time", [self.total(t) for t in told.totals]),
            ("Flow at the start, all ways together", [self.flow(f) for f in told.flows]),
        ]
        lines = [line for title, entries in sections for line in self.section(title, entries)]
        lines += [line for role in _ROLES for line in self.inputs(told, role)]
        return lines + self.section("Sources", [self.source(s) for s in told.sources])

    # Head.

    def title_line(self, told: Explained) -> list[str]:
        """Return the title, with the name of the file at the right."""
        name = told.scenario + (f", variant {told.variant}" if told.variant else "")
        return text.headed(safe(told.title), safe(name), self.look)

    def head(self, told: Explained) -> list[str]:
        """Return the title, the question and what the file says of itself."""
        lines = [*self.title_line(told), *self.wrapped(told.question)]
        if told.description:
            paragraphs = told.description.split("\n\n")
            lines += [line for p in paragraphs for line in ("", *self.wrapped(p))]
        return lines

    def clock(self, told: Explained) -> list[str]:
        """Return when it starts and ends, and what else there is about the whole."""
        clock = told.clock
        span = text.span(clock.horizon_days)
        step = clock.grid_days[1] - clock.grid_days[0] if len(clock.grid_days) > 1 else 0.0
        facts = {
            "start": text.date(clock.start) or "day 0; the file names no date",
            "zone": clock.timezone or "",
            "known": f"as of {text.date(clock.as_of)}" if clock.as_of != clock.start else "",
            "horizon": f"{span} at the most: {clock.horizon}" if clock.horizon else span,
            "grid": f"watched every {text.span(step)}" if step and told.watch else "",
            "report": "on day " + ", ".join(text.days(t, 3) for t in clock.report_days),
            "stop": f"as soon as {told.stop}" if told.stop else "",
            "variants": ", ".join(told.variants),
            "set": ", ".join(f"{path} = {value}" for path, value in told.set.items()),
        }
        return [line for name, said in facts.items() for line in self.field(name, said)]

    def section(self, title: str, entries: Sequence[list[str]]) -> list[str]:
        """Return a heading and entries, those that are long apart; nothing if there are none."""
        if not entries:
            return []
        between = [""] if max(map(len, entries)) > _SHORT else []
        first, *others = entries
        rest = (line for entry in others for line in (*between, *entry))
        return ["", *self.heading(title), "", *first, *rest]

    def heading(self, title: str) -> list[str]:
        """Return a heading with a rule to the right end, or in lines of its own."""
        pen = chart.BLOCKS if self.look.blocks else chart.ASCII
        rule = pen.line * (self.look.width - text.width(title) - 1)
        if rule:
            return [f"{self.look.styled(title, 'bold')} {self.look.styled(rule, 'dim')}"]
        return [self.look.styled(line, "bold") for line in text.wrapped(title, self.look.width)]

    # Entries.

    def outcome(self, outcome: OutcomeTold) -> list[str]:
        """Return an outcome: its name and label, its question, and when it holds."""
        return [
            *self.title(outcome.name, outcome.label),
            *self.field("asks", outcome.question),
            *self.field("holds", f"when {outcome.when}"),
            *self.read_by(outcome.read_by, is_needed=False),
        ]

    def variable(self, variable: VariableTold) -> list[str]:
        """Return a variable: what it can be, how it starts, who reads and who writes it."""
        writers = self.links(variable.written_by) or "nothing: it stays as it starts"
        return [
            *self.title(variable.name, self.range(variable), variable.unit),
            *self.field("means", variable.meaning),
            *self.field("starts", f"as {variable.initial}"),
            *self.field("written", f"by {writers}" if variable.written_by else writers),
            *self.read_by(variable.read_by),
        ]

    def range(self, variable: VariableTold) -> str:
        """Return the labels or the range of a variable."""
        if variable.labels:
            return ", ".join(variable.labels)
        low, high = ("" if x is None else f"{x:g}" for x in (variable.low, variable.high))
        ends = f"{low} to {high}" if low and high else low and f"{low} or more"
        ends = ends or (f"{high} or less" if high else "any")
        return f"{'whole' if variable.kind == 'integer' else 'real'} number, {ends}"

    def definition(self, definition: DefinitionTold) -> list[str]:
        """Return a definition and who reads it."""
        return [
            *self.title(definition.name, definition.meaning, definition.unit),
            *self.field("is", definition.value),
            *self.read_by(definition.read_by),
        ]

    def watch(self, watch: SeriesTold) -> list[str]:
        """Return what is watched."""
        return [*self.title(watch.name, watch.value, watch.unit)]

    def total(self, total: SeriesTold) -> list[str]:
        """Return what is summed over time."""
        return [*self.title(total.name, f"time integral of {total.value}", total.unit)]

    def flow(self, flow: FlowTold) -> list[str]:
        """Return how much can flow over a link, and which routes bind it."""
        most = "no limit" if flow.most is None else f"{flow.most:.3g} days of supply a day"
        bound = f"by {', '.join(flow.cut)}" if flow.cut else ""
        return [*self.title(flow.link, most), *self.field("bound", bound)]

    def transition(self, transition: TransitionTold) -> list[str]:
        """Return a transition: when, how fast, what it changes."""
        memory = _MEMORY.get(transition.memory, "")
        counted = self.links(transition.fired_read_by)
        work_read, work_written = map(
            self.links, (transition.work_read_by, transition.work_written_by)
        )
        return [
            *self.title(transition.name, transition.says),
            *self.field("when", transition.when or "always"),
            *self.field("fires", transition.fires, note=transition.note),
            *self.field("memory", memory),
            *self.field("priority", str(transition.priority) if transition.priority else ""),
            *(line for draw in transition.draws for line in self.draw(draw)),
            *self.branches(transition.branches),
            *self.field("firings", counted and f"counted by {counted}"),
            *self.field("work", work_written and f"written by {work_written}"),
            *self.field("work", work_read and f"read by {work_read}"),
        ]

    def draw(self, draw: DrawTold) -> list[str]:
        """Return a random number that is taken at each firing."""
        return self.field("draws", f"{draw.name} from {draw.law}", draw.unit, draw.note)

    def branches(self, branches: Sequence[BranchTold]) -> Iterator[str]:
        """Return what a firing changes: in one way, or in several by weight."""
        if len(branches) == 1 and not branches[0].label:
            yield from self.field("then", _changes(branches[0]))
            return
        for number, branch in enumerate(branches, 1):
            label = branch.label or f"branch {number}"
            said = f"{label}, weight {branch.weight}: {_changes(branch)}"
            yield from self.field("or" if number > 1 else "either", said)
            yield from self.field("", branch.says and f"says {branch.says}")

    def inputs(self, told: Explained, role: str) -> list[str]:
        """Return the inputs of a role under a heading."""
        found = [given for given in told.inputs if given.role == role]
        what, how = _ROLES[role]
        title = f"{what}: {text.counted(len(found), 'input')}" + (f", {how}" if how else "")
        lines = self.section(title, [self.input(given) for given in found])
        if any(given.note.mark for given in found):
            at = 1 + len(self.heading(title))
            lines[at:at] = self.dim(self.wrapped(_MARKS))
        return lines

    def input(self, given: InputTold) -> list[str]:
        """Return an input: its law or value, what is said about it, and who reads it."""
        readers = self.links(given.read_by)
        remarks = _remarks(given.note)
        read = f"read by {readers}" if readers else "read by nothing"
        below = f"{remarks}; {read}" if remarks else read
        head = self.title(given.name, given.value, given.unit)
        means = self.wrapped(given.meaning, _GAP) if given.meaning else []
        return [*head, *means, *self.dim(self.wrapped(below, _GAP))]

    def source(self, source: SourceTold) -> list[str]:
        """Return a source and since when it was public."""
        public = f"public {_day_or_date(source.public)}" if source.public else ""
        below = "; ".join(part for part in (public, source.url) if part)
        return [
            *self.title(source.name, source.text),
            *self.dim(self.wrapped(below, _GAP)),
        ]

    # Pieces.

    def title(self, name: str, said: str, unit: str = "") -> list[str]:
        """Return a name in bold with what is said of it, on the same line or below it."""
        shown = safe(_tied(with_unit(said, unit)))
        lead = f"{safe(name)}  "
        if text.width(lead + shown) <= self.look.width:
            said = shown.replace(text.NO_BREAK, " ")
            return [f"{self.look.styled(safe(name), 'bold')}  {said}".rstrip()]
        lines = text.wrapped(safe(name), self.look.width)
        lines = [self.look.styled(line, "bold") for line in lines]
        return [*lines, *text.wrapped(shown, self.look.width, _GAP)]

    def field(self, name: str, said: str, unit: str = "", note: Note | None = None) -> list[str]:
        """Return a field of an entry, its text beside its name; nothing without a text."""
        if not said:
            return []
        remarks = _remarks(note) if note else ""
        shown = safe(_tied(with_unit(said, unit)) + (f" ({remarks})" if remarks else ""))
        indent = " " * (len(_GAP) + _LABEL)
        first, *more = text.wrapped(shown, self.look.width, indent)
        label = self.look.styled(name.ljust(_LABEL), "dim")
        return [f"{_GAP}{label}{first[len(indent) :]}", *more]

    def read_by(self, links: Sequence[Link], *, is_needed: bool = True) -> list[str]:
        """Return who reads a name."""
        nobody = "by nothing" if is_needed else ""
        return self.field("read", f"by {self.links(links)}" if links else nobody)

    def links(self, links: Sequence[Link]) -> str:
        """Return parts, those of one kind together: transitions first, without their kind."""
        kinds: dict[str, list[str]] = {"transition": []}
        for link in links:
            if link.where == ("says",) and not self.is_full:
                continue
            where = f" ({', '.join(link.where)})" if self.is_full and link.where else ""
            kinds.setdefault(link.part.kind, []).append(link.part.name + where)
        return "; ".join(_of_kind(kind, names) for kind, names in kinds.items() if names)

    def wrapped(self, said: str, indent: str = "") -> list[str]:
        """Return a text as lines."""
        return text.wrapped(safe(" ".join(said.split())), self.look.width, indent)

    def dim(self, lines: list[str]) -> list[str]:
        """Return lines in the smaller print."""
        return [self.look.styled(line, "dim") for line in lines]


def _changes(branch: BranchTold) -> str:
    return ", ".join(f"{name} = {value}" for name, value in branch.then) or "nothing changes"


def _tied(said: str) -> str:
    """Return a text that breaks at no comparison and no assignment."""
    return _TIED.sub(lambda match: match[0].replace(" ", text.NO_BREAK), said)


def _day_or_date(at: datetime) -> str:
    """Return a date; of the last second of a day, which a file wrote as a day, just that."""
    is_day = (at.hour, at.minute, at.second) == (23, 59, 59)
    return f"{at.day} {text.month_of(at)}" if is_day else text.date(at)


def _remarks(note: Note) -> str:
    """Return what is said about a value: ``J, homs_sources, grade C3, as of 2024-12-06``."""
    grade = f"grade {note.grade}" if note.grade else ""
    as_of = f"as of {note.as_of}" if note.as_of else ""
    return ", ".join(part for part in (note.mark, note.source, grade, as_of) if part)


def _of_kind(kind: str, names: Sequence[str]) -> str:
    listed = ", ".join(names)
    if kind == "transition":
        return listed
    noun = _PLURALS.get(kind, kind + ("s" if len(names) > 1 else ""))
    return f"{noun} {listed}".rstrip()
