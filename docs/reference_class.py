"""The figures on the page of the reference class, from the shipped data, and its picture.

The page is written by hand but for what stands between ``<!-- figures: NAME -->`` and
``<!-- end -->``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from sim.world.reference_class.base_rates import FILE, FOLDER, BaseRate, Curve, base_rate

PAGE = Path(__file__).with_name("reference-class.md")
PICTURE = "reference-class.svg"
DAYS = (1, 2, 3, 7, 14, 30)
Row = tuple[str, ...]
_BLOCK = re.compile(r"(<!-- figures: (.+?) -->\n).*?(<!-- end -->)", re.DOTALL)


def page() -> str:
    """Return the page with its figures made anew."""
    fit: dict[str, Any] = json.loads((FOLDER / "fit.json").read_text(encoding="utf-8"))
    tables = _tables(fit)
    text = PAGE.read_text(encoding="utf-8")
    return _BLOCK.sub(lambda block: f"{block[1]}\n{tables[block[2]]}\n{block[3]}", text)


def _tables(fit: dict[str, Any]) -> dict[str, str]:
    """Return every table, by its name on the page."""
    head = ("set", "n", "cases", *(f"{day} d" for day in DAYS))
    skill = fit["skill"]
    told = skill["told_of_later_falls"]
    return {
        "since contact": _table(head, _base_rates(lambda rate: rate.contact)),
        "standing": _table(head, _base_rates(lambda rate: rate.standing[0])),
        "hazards": _hazards(),
        "fitted": _table(
            ("median", "best", "90 % of draws", "spread", "shipped", "its spread"), _fitted(fit)
        ),
        "correlations": _table(
            ("tempo and contact rate", "tempo and shock rate", "contact and shock rate"),
            [_correlations(fit["of_logarithms"]["covariance"])],
        ),
        "not told apart": _table(
            ("if", "log-likelihood", "tempo", "contact rate", "shock rate", "late"),
            _alternatives(fit["not_told_apart"]),
        ),
        "contagion": _table(
            ("left out", "twice the log-likelihood"),
            (
                (" and ".join(of["without"]) or "none", f"{of['twice_log_likelihood']:.1f}")
                for of in fit["contagion"]
            ),
        ),
        "replayed": _table(
            ("rows", "what", "n", "day: replayed [class]"), _replayed(fit["in_sample"])
        ),
        "skill": _table(
            ("falls elsewhere known", "over all rows", "over the same momentum"),
            [
                ("up to the day of contact", *_skills(skill)),
                ("later ones too", *_skills(told)),
            ],
        ),
        "scores": _table(
            ("case left out", "places", "laws", "all rows", "same momentum"),
            _scores(skill["scores"]),
        ),
    }


def _hazards() -> str:
    """Return the table of falls by place-day."""
    found = json.loads(FILE.read_text(encoding="utf-8"))["hazards"]
    names = {None: "all", True: "momentum", False: "no momentum"}
    pieces = (f"{a}" if a == b else f"{a}-{b}" for a, b in found[0]["pieces"])
    rows = ((names[of["momentum"]], *(f"{h:.3f}" for h in of["per_day"])) for of in found)
    return _table(("days since contact", *pieces), rows)


def _skills(found: dict[str, Any]) -> Row:
    return f"{found['over_pooled']:+.2f}", f"{found['over_split']:+.2f}"


def _correlations(covariance: list[list[float]]) -> Row:
    spreads = [covariance[i][i] ** 0.5 for i in range(3)]
    pairs = ((0, 1), (0, 2), (1, 2))
    return tuple(f"{covariance[i][j] / (spreads[i] * spreads[j]):+.2f}" for i, j in pairs)


def _fell(fit: dict[str, Any], rows: str) -> dict[str, Any]:
    found: dict[str, Any] = next(
        of for of in fit["in_sample"] if (of["rows"], of["what"]) == (rows, "fell")
    )
    return found


_SETS: tuple[tuple[str, bool | None, bool | None], ...] = (
    ("all", None, None),
    ("momentum", True, None),
    ("no momentum", False, None),
    ("big", None, True),
    ("big, momentum", True, True),
    ("big, no momentum", False, True),
    ("not big, momentum", True, False),
    ("not big, no momentum", False, False),
)


def _base_rates(chosen: Callable[[BaseRate], Curve]) -> Iterator[Row]:
    for name, momentum, big in _SETS:
        curve = chosen(base_rate(momentum, big))
        shares = (_bracket(curve.fell[d], curve.low[d], curve.high[d]) for d in DAYS)
        yield (name, str(curve.n), str(curve.n_cases), *shares)


def _bracket(share: float, low: float, high: float) -> str:
    return f"{share:.2f} [{low:.2f}-{high:.2f}]"


def _fitted(fit: dict[str, Any]) -> Iterator[Row]:
    for number, (name, of) in enumerate(fit["fitted"].items()):
        spread = fit["of_logarithms"]["covariance"][number][number] ** 0.5
        yield (
            f"`{name}`",
            f"{of['best']:.3f}",
            f"{of['low']:.3f} to {of['high']:.3f}",
            f"{spread:.2f}",
            f"{of['shipped']['median']:g}",
            f"{of['shipped']['sigma']:g}",
        )


def _alternatives(found: list[dict[str, Any]]) -> Iterator[Row]:
    for of in found:
        medians = (f"{median:.3f}" for median in of["best"].values())
        late = f"{of['no_momentum_by_day_30']:.2f}"
        yield (of["if"], f"{of['log_likelihood_more']:+.1f}", *medians, late)


def _replayed(found: list[dict[str, Any]]) -> Iterator[Row]:
    for of in found:
        columns = zip(
            of["days"], of["replayed"], of["low"], of["high"], of["is_inside"], strict=True
        )
        cells = (
            f"{day}: {mark}{replayed:.2f}{mark} [{low:.2f}-{high:.2f}]"
            for day, replayed, low, high, inside in columns
            for mark in ("" if inside else "**",)
        )
        yield (of["rows"], of["what"], str(of["n"]), ", ".join(cells))


def _scores(scores: list[dict[str, Any]]) -> Iterator[Row]:
    for of in scores:
        yield (
            of["case"],
            str(of["n"]),
            *(f"{of[key]:.3f}" for key in ("laws", "pooled", "split")),
        )


def _table(head: Row, rows: Iterable[Row]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


# The picture.

_WIDTH, _HEIGHT, _LEFT, _TOP_OF, _SPAN, _TALL = 720, 300, 50, 20, 620, 220
_COLOURS = {"momentum": "#b2182b", "no momentum": "#2166ac"}


def picture() -> str:
    """Return the class with its brackets, and the replay as lines, as SVG."""
    fit: dict[str, Any] = json.loads((FOLDER / "fit.json").read_text(encoding="utf-8"))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        'font-family="sans-serif" font-size="12" fill="#222">',
        "<title>Shares of places that fell after the day of contact</title>",
        "<desc>Dots with bars: the class and its 90 % brackets. Lines: the same rows replayed. "
        "With momentum the line runs below the dots, without it above them; both stay "
        "inside the brackets.</desc>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>',
        *_axes(),
        *(line for name in _COLOURS for line in _series(_fell(fit, name), name)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _x(number: int) -> float:
    return _LEFT + _SPAN * (number + 0.5) / len(DAYS)


def _y(share: float) -> float:
    return round(_TOP_OF + _TALL * (1.0 - share), 1)


def _axes() -> Iterator[str]:
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        yield f'<path d="M{_LEFT} {_y(share)}h{_SPAN}" stroke="#ddd"/>'
        yield f'<text x="{_LEFT - 8}" y="{_y(share) + 4}" text-anchor="end">{share:g}</text>'
    for number, day in enumerate(DAYS):
        yield f'<text x="{_x(number):.1f}" y="{_y(0.0) + 20}" text-anchor="middle">{day} d</text>'
    for number, (name, colour) in enumerate(_COLOURS.items()):
        at = _LEFT + 20 + 160 * number
        yield f'<circle cx="{at}" cy="{_HEIGHT - 16}" r="4" fill="{colour}"/>'
        yield f'<text x="{at + 10}" y="{_HEIGHT - 12}">{name}</text>'
    yield f'<text x="{_LEFT + 340}" y="{_HEIGHT - 12}">dots: the class; lines: replayed</text>'


def _series(of: dict[str, Any], name: str) -> Iterator[str]:
    colour, points = _COLOURS[name], enumerate(of["replayed"])
    path = " ".join(f"{_x(number):.1f},{_y(share)}" for number, share in points)
    yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
    for number, (share, low, high) in enumerate(
        zip(of["share"], of["low"], of["high"], strict=True)
    ):
        x = f"{_x(number):.1f}"
        yield f'<path d="M{x} {_y(low)}V{_y(high)}" stroke="{colour}" stroke-width="2"/>'
        yield f'<circle cx="{x}" cy="{_y(share)}" r="4" fill="{colour}"/>'
