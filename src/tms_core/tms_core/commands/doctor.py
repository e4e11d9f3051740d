import os
import sys
from collections.abc import Iterable

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tms_core.app import bootstrap
from tms_core.commands.invocation import Invocation
from tms_core.doctor.examination import examine
from tms_core.doctor.findings import Finding, Level, bad
from tms_core.doctor.settings import settings_in_force
from tms_core.errors import ConfigurationError
from tms_core.runtime import Runtime

COLOURS = {Level.OK: "green", Level.WARNING: "yellow", Level.BAD: "red"}


@click.command()
@click.option("--settings", "lists_settings", is_flag=True, help="List every setting with its value and source.")
@click.pass_obj
def doctor(invocation: Invocation, lists_settings: bool) -> None:
    """Check this deployment and suggest remedies.

    Checks settings, database, migrations, clock, relay, Redis and the included packages. The exit status is 0 if no
    finding is bad.
    """
    try:
        runtime = bootstrap(invocation.ini, process=invocation.name)
    except ConfigurationError as error:
        _report(invocation.console, [("settings", bad(sentence)) for sentence in error.sentences])
        sys.exit(1)
    if lists_settings:
        _list_settings(runtime)
        return
    sys.exit(_report(invocation.console, examine(runtime)))


def _report(console: Console, found: Iterable[tuple[str, Finding]]) -> int:
    """Print the findings and return the exit status."""
    table = Table("check", "state", box=None, pad_edge=False)
    table.add_column("finding", overflow="fold")
    levels = set()
    for name, finding in found:
        levels.add(finding.level)
        table.add_row(name, f"[{COLOURS[finding.level]}]{finding.level}[/]", escape(finding.sentence))
    console.print(table)
    return int(Level.BAD in levels)


def _list_settings(runtime: Runtime) -> None:
    for one in settings_in_force(runtime, os.environ):
        declared, default = one.declared, one.default or "none"
        click.echo(f"{declared.key} = {one.value}".rstrip())
        click.echo(f"    {declared.env}, {declared.type.removesuffix(' | None')}, default {default}; from {one.source}")
        click.echo(f"    {declared.help}")
