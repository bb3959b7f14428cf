"""``schema``: the JSON Schema of scenario files, for editors."""

from __future__ import annotations

from typing import Any

import click

from sim.cli import options


@click.command("schema")
@options.output
def command(**given: Any) -> int:
    """Print the JSON Schema of scenario files.

    Editors that know it complete keys and underline mistakes: save it as scenario.schema.json, and
    name it in a comment on the first line of a scenario:

    # yaml-language-server: $schema=scenario.schema.json
    """
    from sim.scenario.json_schema import json_schema, json_schema_text

    if given["as_json"]:
        options.print_json(json_schema())
    else:
        options.say(json_schema_text(), end="")
    return 0
