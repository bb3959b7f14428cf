"""Rules about the source as a whole that no other tool states.

(The walls between rooms are import-linter's: `make lint`.)
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted((ROOT / "sim").rglob("*.py"))
LOCKS = sorted(ROOT.glob("*.lock"))

#: What turns text or bytes into running code, or into objects that run code as they are made.
RUNS_CODE = {"eval", "exec", "compile", "__import__", "execfile"}
LOADS_OBJECTS = {
    "pickle",
    "cPickle",
    "_pickle",
    "marshal",
    "shelve",
    "dill",
    "cloudpickle",
    "joblib",
}
#: What starts other programs, or sends objects to other processes by pickling them.
STARTS_PROGRAMS = {"subprocess", "multiprocessing", "pty", "commands", "asyncio"}
UNSAFE_CALLS = {
    ("yaml", "load"),
    ("yaml", "load_all"),
    ("yaml", "unsafe_load"),
    ("yaml", "full_load"),
    ("numpy", "load"),
    ("np", "load"),
    ("os", "system"),
    ("os", "popen"),
    ("os", "posix_spawn"),
    ("os", "posix_spawnp"),
    ("futures", "ProcessPoolExecutor"),
    *(("os", f"exec{how}") for how in ("l", "le", "lp", "lpe", "v", "ve", "vp", "vpe")),
    *(("os", f"spawn{how}") for how in ("l", "le", "lp", "lpe", "v", "ve", "vp", "vpe")),
    ("pandas", "read_pickle"),
    ("pd", "read_pickle"),
    ("pd", "eval"),
    ("builtins", "eval"),
    ("builtins", "exec"),
}


def _dangers(tree: ast.AST) -> Iterator[tuple[int, str]]:
    harmless = {id(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call) and _no_pickle(n)}
    for node in ast.walk(tree):
        if id(node) in harmless:
            continue
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.partition(".")[0] in LOADS_OBJECTS | STARTS_PROGRAMS:
                    yield node.lineno, f"import {alias.name}"
        elif isinstance(node, ast.ImportFrom):
            names = {alias.name for alias in node.names}
            if (node.module or "").partition(".")[0] in LOADS_OBJECTS | STARTS_PROGRAMS:
                yield node.lineno, f"from {node.module} import"
            elif "ProcessPoolExecutor" in names:
                yield node.lineno, "ProcessPoolExecutor"
        elif isinstance(node, ast.Name) and node.id in RUNS_CODE:
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if (node.value.id, node.attr) in UNSAFE_CALLS:
                yield node.lineno, f"{node.value.id}.{node.attr}"
        elif isinstance(node, ast.Attribute) and node.attr in ("format", "format_map"):
            yield node.lineno, f"str.{node.attr}"  # a text from a file would reach attributes
        elif isinstance(node, ast.Call) and _is_true(node, "shell"):
            yield node.lineno, "shell=True"


def _no_pickle(call: ast.Call) -> bool:
    """Return whether a call says that it takes arrays only (``np.load``)."""
    return any(
        k.arg == "allow_pickle" and isinstance(k.value, ast.Constant) and k.value.value is False
        for k in call.keywords
    )


def _is_true(call: ast.Call, keyword: str) -> bool:
    return any(
        k.arg == keyword and isinstance(k.value, ast.Constant) and k.value.value is True
        for k in call.keywords
    )


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_turns_data_into_code(path):
    assert list(_dangers(ast.parse(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize(
    "source",
    [
        "eval('1')",
        "f = exec",
        "import pickle",
        "from marshal import loads",
        "import numpy as np; np.load('x')",
        "import numpy as np; np.load('x', allow_pickle=True)",
        "yaml.load(text)",
        "subprocess.run(text, shell=True)",
        "compile(text, 'x', 'eval')",
        "import subprocess",
        "from multiprocessing import Pool",
        "from concurrent.futures import ProcessPoolExecutor",
        "os.execvp(name, given)",
        "os.spawnl(0, name)",
        "'{name}'.format(name=1)",
        "(a + b).format_map(values)",
    ],
)
def test_the_search_finds_what_it_looks_for(source):
    assert list(_dangers(ast.parse(source)))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_tables_of_texts_are_written_in_one_place(path):
    """It sees to it that no spreadsheet takes a text for a formula."""
    if path != ROOT / "sim" / "report" / "tables.py":
        assert list(_writers(ast.parse(path.read_text(encoding="utf-8")))) == []


def _writers(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
        is_csvs = name != "writer" or ast.unparse(node).startswith("csv.")
        if is_csvs and name in ("writer", "DictWriter", "to_csv", "to_excel", "write_csv"):
            yield ast.unparse(node)


@pytest.mark.parametrize("source", ["csv.writer(f)", "csv.DictWriter(f, [])", "frame.to_csv(f)"])
def test_the_search_for_writers_finds_one(source):
    assert list(_writers(ast.parse(source)))


def test_there_is_something_to_search():
    assert len(SOURCES) > 10
    assert len(LOCKS) == 3


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_a_lock_names_no_host(path):
    text = path.read_text(encoding="utf-8")
    assert "://" not in text
    assert "--index-url" not in text
    assert "--hash=sha256:" in text


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_are_written_and_read_as_utf8(path):
    # Without `encoding` a file means something else on another machine.
    tree = ast.parse(path.read_text(encoding="utf-8"))
    missing = [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and _called(node) in ("open", "read_text", "write_text")
        and not any(k.arg == "encoding" for k in node.keywords)
        and not _opens_bytes(node)
    ]
    assert missing == []


def _called(call: ast.Call) -> str:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _opens_bytes(call: ast.Call) -> bool:
    if ast.unparse(call.func) == "os.open":  # a file descriptor
        return True
    values = [*call.args, *(k.value for k in call.keywords)]
    modes = [v.value for v in values if isinstance(v, ast.Constant) and isinstance(v.value, str)]
    return any(len(mode) <= 3 and "b" in mode for mode in modes)
