"""A page in one file: templates filled with data, and scripts that run by their digest alone.

The charts are Bokeh's, whose scripts are taken from its package. Behaviour is one script of our own
(``report.js``): Bokeh's own way to give a chart behaviour would want ``unsafe-eval``.
"""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from sim.shown import percent, safe
from sim.versions import version

#: Charts, and the interface by which a script makes them.
_BOKEH = ("bokeh.min.js", "bokeh-api.min.js")
_HERE = Path(__file__).parent


def page(template: str, *, title: str, data: dict[str, Any], **context: Any) -> str:
    """Return a page as HTML.

    Parameters
    ----------
    template : str
        The name of a file beside this one.
    title : str
        Of the window.
    data : dict
        What the page's script reads, as JSON.
    **context
        What the template reads, besides ``data``. Texts are escaped wherever they stand.
    """
    scripts = [*map(_bokeh, _BOKEH), _own("report.js")]
    return (
        _templates()
        .get_template(template)
        .render(
            title=title,
            data=data,
            policy=policy(scripts),
            json=Markup(as_json(data)),
            css=Markup(_own("report.css")),
            scripts=[Markup(script) for script in scripts],
            version=version(),
            **context,
        )
    )


def policy(scripts: list[str]) -> str:
    """Return a content security policy: nothing is fetched, and these scripts alone are run.

    Styles are allowed in the page, since Bokeh writes some for each size of a chart; with nothing
    to be fetched they can do no more than look.
    """
    allowed = " ".join(f"'sha256-{_digest(script)}'" for script in scripts)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; "
        "base-uri 'none'; form-action 'none'"
    )


def as_json(data: Any) -> str:
    """Return data as JSON that no parser of HTML takes for anything else; texts made harmless."""
    text = json.dumps(_harmless(data), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _harmless(data: Any) -> Any:
    if isinstance(data, str):
        return safe(data)
    if isinstance(data, dict):
        return {safe(str(key)): _harmless(part) for key, part in data.items()}
    if isinstance(data, list | tuple):
        return [_harmless(part) for part in data]
    return data


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")


@cache
def _templates() -> Environment:
    made = Environment(
        loader=PackageLoader("sim.report.html", "."),
        autoescape=True,
        undefined=StrictUndefined,
        # Every text that a template shows is of a file, or might be.
        finalize=lambda value: safe(value) if type(value) is str else value,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["percent"] = percent
    return made


@cache
def _own(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


@cache
def _bokeh(name: str) -> str:
    """Return a script of Bokeh's. Its package is not imported: that takes most of a second."""
    spec = find_spec("bokeh")
    assert spec is not None
    assert spec.origin is not None
    script = (Path(spec.origin).parent / "server/static/js" / name).read_text(encoding="utf-8")
    assert not any(end in script for end in ("</script", "<!--"))
    return script
