"""The JSON Schema for editors: current, correct, and of one mind with the loader."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from sim.errors import ScenarioError
from sim.scenario.json_schema import json_schema, json_schema_text
from sim.scenario.load import load
from sim.scenario.schema import TOP_LEVEL
from sim.values import FORMS

ROOT = Path(__file__).parents[2]
SCENARIOS = sorted((ROOT / "scenarios").glob("*.yaml"))
CORPUS = ROOT / "tests" / "corpus"


class _Loader(yaml.CSafeLoader):
    """YAML 1.2, as editors read it: a date is text, and so are `yes` and the key `off`."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if not tag.endswith(("timestamp", "bool"))]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), ["t", "f"])


def as_editors_read(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8-sig"), _Loader)


def faults(document: Any) -> list[str]:
    return [e.message for e in jsonschema.Draft202012Validator(json_schema()).iter_errors(document)]


def test_the_file_for_editors_is_current():
    written = (ROOT / "scenarios" / "scenario.schema.json").read_text(encoding="utf-8")
    assert written == json_schema_text(), "run.py schema > scenarios/scenario.schema.json"


def test_it_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(json_schema())
    json.loads(json_schema_text())


def test_it_has_every_distribution_and_every_key():
    made = json_schema()
    assert set(FORMS) <= set(made["$defs"]["distribution"]["properties"])
    assert set(made["properties"]) == set(TOP_LEVEL)


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda p: p.stem)
def test_shipped_scenarios_fit_it(path):
    assert faults(as_editors_read(path)) == []


@pytest.mark.parametrize("path", sorted((CORPUS / "valid").glob("*.yaml")), ids=lambda p: p.stem)
def test_unusual_files_fit_it(path):
    assert faults(as_editors_read(path)) == []


def test_what_it_refuses_the_loader_refuses_too():
    refused = []
    for path in sorted((CORPUS / "invalid").glob("*.yaml")):
        try:
            document = as_editors_read(path)
        except (yaml.YAMLError, UnicodeDecodeError):
            continue
        if faults(document):
            refused.append(path)
            with pytest.raises(ScenarioError, match=r"error\["):
                load(path)
    assert len(refused) >= 50


@pytest.mark.parametrize(
    "change",
    [
        {"titel": "x"},
        {"clock": {"horizon": "3 days", "gird": "1 h"}},
        {"clock": {}},
        {"transitions": {"t": {"rate": "1 / day", "thn": {}}}},
        {"parameters": {"p": {"unifrom": [1, 2]}}},
        {"parameters": {"p": {"uniform": [1, 2], "beta": [1, 2]}}},
        {"parameters": {"p": {"uniform": [1, 2, 3]}}},
        {"parameters": {"p": {"normal": {"mean": 1}}}},
        {"transitions": {"t": {"immediate": "soon"}}},
        {"transitions": {"t": {"memory": "kep"}}},
        {"transitions": {"t": {"branches": []}}},
        {"variables": {"v": {"integer": [0]}}},
        {"outcomes": {"o": {"whn": "x"}}},
    ],
)
def test_an_editor_underlines_a_mistake(change):
    good = {"title": "T", "clock": {"horizon": "3 days"}}
    assert faults(good) == []
    assert faults({**good, **change}) != []


def test_a_file_that_extends_another_may_leave_things_out():
    assert faults({"extends": "base.yaml", "clock": {"grid": "1 h"}}) == []
    assert faults({"clock": {"grid": "1 h"}}) != []


def test_the_sections_of_the_world_are_those_that_it_has_models_for():
    from sim.scenario.schema import WORLD_MAPPINGS
    from sim.world.specs import MODELS

    assert (*MODELS, "processes") == WORLD_MAPPINGS
