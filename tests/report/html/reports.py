"""Reports to look at: a small war on a map, with texts that would do harm if they were let."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import sim
from sim.report.html.compared import comparison_report
from sim.report.html.run import run_report

LONG = "A label of three hundred characters " + "that goes on and on " * 13 + "end."
#: By name, so that a test can say which of them it missed.
HOSTILE = {
    "html": "<script>alert(1)</script><b>bold</b> &amp; </script><!-- x",
    "quotes": """ "double" 'single' `back` onload="x" """.strip(),
    "arabic": "حمص: مدينة",
    "mathematics": r"$\bad$ $$x$$ [/nope] \(y\)",
    "template": "{{ 7 * 7 }} {% raw %} {title}",
    "long": LONG[:300],
}
_H = {name: text.replace("'", "''") for name, text in HOSTILE.items()}

WAR = f"""
title: '{_H["html"]}'
question: '{_H["quotes"]}'
description: '{_H["template"]}'
clock: {{start: 2024-12-06T18:00+03:00, timezone: Asia/Damascus, horizon: 10 days, grid: 12 h,
  report: [1 day, 3 days, 10 days]}}
sources:
  press: {{text: '{_H["html"]}', public: 2024-12-05}}
defaults: {{source: press, mark: J}}
factions: {{red: {{label: '{_H["arabic"]}'}}, blue: {{label: '{_H["html"]}'}}}}
hostile: [[red, blue]]
places:
  hill: {{at: [34.0, 36.0], control: red, kind: base, label: '{_H["arabic"]}'}}
  town: {{at: [34.5, 36.5], control: blue, kind: base, label: '{_H["html"]}'}}
  port: {{at: [34.2, 35.9], control: blue, kind: base, label: '{_H["long"]}'}}
routes: {{road: {{between: [hill, town]}}, track: {{between: [town, port]}}}}
parameters:
  pace: {{uniform: [0.1 / day, 0.9 / day], source: press, grade: C3}}
transitions:
  storm: {{when: town.control == blue, rate: pace, then: {{town.control: red}},
    says: '{_H["mathematics"]}'}}
  sail: {{when: port.control == blue and town.control == red, rate: 0.3 / day,
    then: {{port.control: red}}, says: '{_H["html"]}'}}
  fail: {{when: town.control == red, rate: 0.05 / day, then: {{town.control: none}},
    says: '{_H["quotes"]}'}}
outcomes:
  town_falls: {{when: town.control == red, label: '{_H["html"]}'}}
  port_falls: {{when: port.control == red, label: '{_H["long"]}'}}
  never: {{when: hill.control == blue, label: '{_H["arabic"]}'}}
  over: {{when: town.control == none, label: '{_H["mathematics"]}'}}
reports:
  - {{claim: town.control == blue, grade: C3, origin: '{_H["quotes"]}', text: '{_H["html"]}'}}
resolved:
  town_falls: {{at: 2024-12-08T06:00+03:00, rule: '{_H["html"]}'}}
"""
N = 1_200


@cache
def of_war(n: int = N) -> str:
    """Return the report of the small war."""
    scenario = sim.loads(WAR, "war.yaml")
    return run_report(sim.run(scenario, replications=n, seed=1), scenario)


@cache
def of_comparison() -> str:
    """Return the report of the small war against two that go otherwise."""
    text = f"{WAR}variants: {{slow: {{parameters.pace: 0.05 / day}}, same: {{clock.grid: 6 h}}}}\n"
    baseline = sim.loads(text, "war.yaml")
    others = [baseline.variant("slow"), baseline.variant("same")]
    comparison = sim.compare(baseline, *others, replications=600)
    return comparison_report(comparison, [baseline, *others])


def write(html: str, folder: Path, name: str = "report.html") -> str:
    """Write a report, and return its address."""
    path = folder / name
    path.write_text(html, encoding="utf-8")
    return path.as_uri()


def large() -> str:
    """Return a scenario with more of everything than anybody reads."""
    n = 60
    places = "\n".join(
        f"  p{k}: {{at: [{34 + k / 50:.2f}, 36.0], control: blue, kind: base, "
        f"label: '{_H['long']}'}}"
        for k in range(n)
    )
    falls = "\n".join(
        f"  fall{k}: {{when: p{k}.control == blue, rate: 1 / day, then: {{p{k}.control: red}}, "
        f"says: '{_H['long']}'}}\n  back{k}: {{when: p{k}.control == red, rate: 1 / day, "
        f"then: {{p{k}.control: blue}}}}"
        for k in range(n)
    )
    outcomes = "\n".join(
        f"  o{k}: {{when: p{k}.control == red, label: '{_H['long']}'}}" for k in range(30)
    )
    parameters = "\n".join(f"  q{k}: {{uniform: [0, 1], source: press}}" for k in range(1_500))
    sources = "\n".join(f"  s{k}: {{text: '{_H['long']}'}}" for k in range(1_500))
    return (
        "title: Everything at once\nclock: {horizon: 20 days, grid: 0.2 h}\n"
        f"factions: {{red: {{}}, blue: {{}}}}\nhostile: [[red, blue]]\nsources:\n{sources}\n"
        f"  press: {{text: Press}}\nplaces:\n{places}\nparameters:\n{parameters}\n"
        f"transitions:\n{falls}\noutcomes:\n{outcomes}\n"
    )
