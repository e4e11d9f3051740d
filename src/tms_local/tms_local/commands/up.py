import os

import click

from tms_core.commands.invocation import Invocation
from tms_local.supervisor.guard import leave_guard

PORT = click.IntRange(1, 65535)


@click.command()
@click.argument("ini", required=False, type=click.Path(dir_okay=False))
@click.option("--state-dir", metavar="DIR", type=click.Path(file_okay=False), help="Directory of all data.")
@click.option("--api-port", type=PORT, help="Port of the REST API, the documentation and the pages.")
@click.option("--realtime-port", type=PORT, help="Port of the WebSocket.")
@click.option("--demo", is_flag=True, help="Add demo users and tasks if there are no tasks yet.")
@click.pass_obj
def up(
    invocation: Invocation,
    ini: str | None,
    state_dir: str | None,
    api_port: int | None,
    realtime_port: int | None,
    demo: bool,
) -> None:
    """Run the whole system in the foreground until Ctrl-C.

    Starts an embedded PostgreSQL and Valkey unless the settings file INI has their URLs, applies migrations, and runs
    every process of the included packages with a merged log. The data are kept.
    """
    invocation.ini = os.path.abspath(ini or invocation.ini)
    invocation.require("tms_local")
    given = _hand_down(
        TMS_INI=invocation.ini,
        TMS_STATE_DIR=state_dir and os.path.abspath(state_dir),
        TMS_API_PORT=api_port,
        TMS_REALTIME_PORT=realtime_port,
    )
    # Files of all processes are private to the current user.
    os.umask(0o077)
    leave_guard()
    # Imported after the fork, so that the guard stays small.
    from tms_local.local_system import run

    run(invocation, given, demo=demo)


def _hand_down(**variables: str | int | None) -> dict[str, str]:
    """Set command-line options as environment variables for this process and its children; returns the variables."""
    given = {name: str(value) for name, value in variables.items() if value is not None}
    os.environ.update(given)
    return given
