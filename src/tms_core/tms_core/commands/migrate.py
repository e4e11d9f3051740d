import time

import click

from tms_core.commands.invocation import Invocation, fail
from tms_core.migrations_runner import downgrade, upgrade, write_revision
from tms_core.runtime import Runtime


@click.command()
@click.option("--downgrade", "target", metavar="BRANCH@base", help="Drop a package's tables, as notifications@base.")
@click.option("--revision", metavar="MESSAGE", help="Generate a migration from the models (for developers).")
@click.option("--package", metavar="BRANCH", default="core", help="The branch of --revision.", show_default=True)
@click.pass_obj
def migrate(invocation: Invocation, target: str | None, revision: str | None, package: str) -> None:
    """Apply the migrations of every included package."""
    runtime = invocation.bootstrap()
    if revision:
        _write_revision(runtime, revision, package)
        return
    if target:
        downgrade(runtime, target)
        click.echo(f"went back to {target}")
        return
    began = time.monotonic()
    applied = upgrade(runtime, say=lambda revision: click.echo(f"applied {revision}"))
    took = time.monotonic() - began
    click.echo(f"{len(applied)} migrations applied in {took:.1f} s" if applied else "the database is up to date")


def _write_revision(runtime: Runtime, message: str, label: str) -> None:
    if label not in runtime.registry.migrations:
        fail(f"no included package has the branch {label}; there are {', '.join(runtime.registry.migrations)}")
    for path in write_revision(runtime, message, label):
        click.echo(f"wrote {path}")
