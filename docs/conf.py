"""How Sphinx builds the pages: ``make docs``.

The source folder is the project's own, so that README and SEMANTICS.md are pages where they stand,
and every link between pages works here and on a code host alike.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path

from sphinx.application import Sphinx

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

project = "Frontcast"
author = "Frontcast contributors"
copyright = "Frontcast contributors, MIT licence"  # noqa: A001 (Sphinx names it)

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
root_doc = "docs/index"
include_patterns = ["README.md", "docs/*.md", "docs/mechanisms/*.md", "benchmarks/README.md"]
include_patterns += ["sim/net/SEMANTICS.md"]
exclude_patterns = [".*", "build", "results", "tests"]  # not looked into
suppress_warnings = ["myst.header"]
myst_heading_anchors = 3  # links to #headings, as code hosts have them
highlight_language = "text"

autodoc_typehints_format = "short"
autodoc_member_order = "bysource"
toc_object_entries = False  # forty methods would drown the pages
# Types of parameters are words for people ("path", "days since the start"), not names to look up.
napoleon_google_docstring = False
napoleon_use_param = False
napoleon_use_rtype = False
nitpick_ignore_regex = [(r"py:.*", r".*")]

html_theme = "alabaster"
html_static_path = ["theme/static"]
templates_path = ["theme/templates"]
html_additional_pages = {"index": "redirect.html"}
html_copy_source = False
html_show_sphinx = False
html_sidebars = {"**": ["about.html", "searchfield.html", "navigation.html"]}
html_theme_options = {
    "description": "Forecasts from explicit causal scenarios",
    "fixed_sidebar": True,
    "page_width": "1180px",
    "sidebar_width": "230px",
    "show_powered_by": False,
    "show_relbars": False,
    "font_family": "system-ui, sans-serif",
    "head_font_family": "system-ui, sans-serif",
    "code_font_family": "ui-monospace, monospace",
}

_LINK = re.compile(r"\]\(([^)#:]+)\.md\)")
_API = re.compile(r"^\| `(\S+)` \|", re.MULTILINE)


def setup(app: Sphinx) -> None:
    """Have some pages completed with what Markdown on a code host has no use for."""
    app.connect("source-read", _completed)
    app.connect("autodoc-process-signature", _signature)


def _completed(app: Sphinx, name: str, source: list[str]) -> None:
    if name == root_doc:
        source[0] += _navigation(_LINK.findall(source[0]))
    elif name == "docs/mechanisms/index":
        source[0] += _navigation(link for link in _LINK.findall(source[0]) if "/" not in link)
    elif name == "docs/api":
        source[0] += _docstrings(source[0])


def _navigation(links: Iterable[str]) -> str:
    """Return the table of contents: the pages in the order in which an index links to them."""
    entries = "\n".join(dict.fromkeys(links))
    return f"\n```{{toctree}}\n:hidden:\n\n{entries}\n```\n"


def _docstrings(page: str) -> str:
    """Return directives for the names that the page's table lists."""
    directives = "\n".join(_directive(name) for name in _API.findall(page))
    return f"\n```{{eval-rst}}\n{directives}```\n"


def _directive(name: str) -> str:
    home = {"sim.exact": "sim.exact.solve.exact"}.get(name, name)  # a package, made callable
    kind = "class" if name.rpartition(".")[2][0].isupper() else "function"
    members = "   :members:\n" if kind == "class" else ""
    return f".. auto{kind}:: {home}\n{members}"


def _signature(app: Sphinx, kind: str, *of: object) -> tuple[str, str] | None:
    """Leave out how classes are made: no user makes one."""
    return ("", "") if kind in ("class", "exception") else None
