"""``schema``: the JSON Schema of scenario files, for editors."""

from __future__ import annotations

import click


@click.command("schema")
def command() -> int:
    """Print the JSON Schema of scenario files.

    Editors that know it complete keys and underline mistakes: name the printed file in a comment on
    the first line of a scenario, `# yaml-language-server: $schema=scenario.schema.json`.
    """
    from sim.scenario.schema import json_schema_text

    click.echo(json_schema_text(), nl=False)
    return 0
