"""Graphs as text: what they show, and that no text of a file becomes part of the language."""

import html
import json
import re
import shutil
import subprocess

import pytest

from sim.net.connections import Part
from sim.report.graph import dot, graph, mermaid
from tests.scenario.build import net, scenario

MADE = """
variables:
  city: {states: [held, fallen]}
  men: {integer: [0, 9], initial: 5}
  idle: {integer: [0, 1], initial: 0}
definitions: {few: men < 3, weak: few or city == fallen}
transitions:
  fall: {when: weak, rate: 1/day, then: {city: fallen}, says: "{idle}"}
  lose: {when: fall.fired == 0, work: 1 day, memory: keep, then: {men: men - 1}}
  help: {rate: 1/day, then: {lose.work: 1 day}}
outcomes: {falls: {when: city == fallen, label: It falls}, late: falls and men > 0}
"""
#: Names of labels that mean something to Graphviz or Mermaid, or would like to.
HOSTILE = [
    '"]; evil [label="x',
    "a\\",
    '\\N \\G \\L \\l \\"',
    "--> n0 -.-> n1",
    '%%{init: {"theme":"dark"}}%%',
    'click n0 href "javascript:alert(1)"',
    "<b>x</b><script>alert(1)</script>",
    "<<b>x</b>>",
    "&lt;b&gt; &#34; &quot; #quot; #35;",
    "end",
    "subgraph a; direction TB",
    "`**bold**`",
    '"}}; class n0 x',
    "{{x}} ((y)) |z| [w] {v}",
    "Хомс حمص 𝕏 ：",
    "::: classDef style linkStyle",
    "graph TD; a-->b",
]


def edges(made, only=None):
    found = graph(made, only)
    return {
        (found.nodes[e.source].part.name, found.nodes[e.target].part.name, e.is_write)
        for e in found.edges
    }


def test_reads_and_writes_are_edges_seen_through_definitions():
    assert edges(net(MADE, state="")) == {
        ("men", "fall", False),
        ("city", "fall", False),
        ("fall", "city", True),
        ("fall", "lose", False),
        ("lose", "men", True),
        ("help", "lose", True),
        ("city", "falls", False),
        ("falls", "late", False),
        ("men", "late", False),
    }


def test_just_some_parts_with_their_neighbours():
    made = net(MADE, state="")
    assert edges(made, [Part("transition", "help")]) == {("help", "lose", True)}
    # A definition stands for what it reads, and for who reads it.
    assert edges(made, [Part("definition", "weak")]) == edges(
        made, [Part("variable", "men"), Part("variable", "city"), Part("transition", "fall")]
    )
    alone = graph(made, [Part("variable", "idle")])
    assert ([node.label for node in alone.nodes], alone.edges) == (["idle"], ())


def test_dot_has_three_shapes_and_two_kinds_of_edges():
    text = dot(net("variables: {n: {integer: [0, 1], initial: 0}}\n"
                   "transitions: {t: {when: n == 0, rate: 1/day, then: {n: 1}}}\n"
                   "outcomes: {o: n == 1}", state=""), title="A title")  # fmt: skip
    assert text.startswith("digraph net {\n")
    assert '  label="A title";' in text
    for number, shape, label in ((0, "ellipse", "n"), (1, "box", "t"), (2, "hexagon", "o")):
        assert re.search(rf'  n{number} \[shape={shape}, .*label="{label}"\];', text)
    assert "  n1 -> n0;\n" in text
    assert re.search(r"  n0 -> n1 \[style=dashed, .*\];", text)


def test_mermaid_has_three_shapes_and_two_kinds_of_edges():
    made = net(MADE, state="")
    text = mermaid(made)
    assert text.startswith('flowchart LR\n  n0(["city"])\n')
    assert '  n3["fall"]\n' in text
    assert '  n6{{"It falls"}}\n' in text
    assert "  n0 -.-> n3\n" in text
    assert "  n3 --> n0\n" in text
    assert len(re.findall(r"-->|-\.->", text)) == len(graph(made).edges)


@pytest.fixture(scope="module")
def hostile():
    labels = "".join(
        f"  o{k}: {{when: supply == 0, label: {json.dumps(label, ensure_ascii=False)}}}\n"
        for k, label in enumerate(HOSTILE)
    )
    return scenario("outcomes:\n" + labels).net


DOT_LINE = re.compile(
    r'digraph net \{|\}|  rankdir=LR;|  label="[^"\\\n]*";|  labelloc=t;|  fontname="sans-serif";'
    r'|  node \[fontname="sans-serif", style=filled\];'
    r'|  n\d+ \[shape=\w+, fillcolor="#\w{6}", label="(?:[^"\\&<>\n]|&#\d+;)*"\];'
    r'|  n\d+ -> n\d+( \[style=dashed, color="#777777"\])?;'
)
MERMAID_TEXT = r'(?:[^"\\&<>#%`\[\](){}|;:\n-]|#\d+;)*'
MERMAID_LINE = re.compile(
    rf"flowchart LR|  accTitle: {MERMAID_TEXT}"
    rf'|  n\d+(?:\["{MERMAID_TEXT}"\]|\(\["{MERMAID_TEXT}"\]\)|\{{\{{"{MERMAID_TEXT}"\}}\}})'
    r"|  n\d+ (?:-->|-\.->) n\d+"
)


@pytest.mark.parametrize("title", [*HOSTILE, "a\u202eb", "line\nline", "bell\x07"])
def test_no_text_of_a_file_is_part_of_the_language(title, hostile):
    for line in dot(hostile, title=title).splitlines():
        assert DOT_LINE.fullmatch(line), line
    for line in mermaid(hostile, title=title).splitlines():
        assert MERMAID_LINE.fullmatch(line), line


def test_the_patterns_catch_what_breaks_out():
    assert not DOT_LINE.fullmatch('  n0 [shape=box, fillcolor="#ffffff", label="x"]; evil"];')
    assert not MERMAID_LINE.fullmatch('  n0["x"]; click n0 "y"]')
    assert not MERMAID_LINE.fullmatch("  accTitle: %%{init}%%")


def test_a_label_of_mermaid_can_be_read_back(hostile):
    shown = re.findall(r'\{\{"(.*?)"\}\}', mermaid(hostile))
    assert [re.sub(r"#(\d+);", lambda m: chr(int(m[1])), text) for text in shown] == HOSTILE


@pytest.mark.skipif(shutil.which("dot") is None, reason="no Graphviz here")
def test_graphviz_shows_every_label_as_it_is(hostile):
    done = subprocess.run(
        ["dot", "-Tsvg"], input=dot(hostile), capture_output=True, encoding="utf-8", check=True
    )
    assert done.stderr == ""
    texts = {
        html.unescape(t).replace("\xa0", " ")
        for t in re.findall(r"<text.*?>(.*?)</text>", done.stdout)
    }
    assert set(HOSTILE) <= texts
