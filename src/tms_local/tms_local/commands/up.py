import os
from collections.abc import Callable
from typing import Any

import click

from tms_core.commands.invocation import Invocation
from tms_local.port_options import port_options
from tms_local.supervisor.guard import leave_guard

PORT = click.IntRange(1, 65535)


def _with_ports(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options for the ports of the core and of installed packages."""
    for option in reversed(port_options()):
        command = click.option(option.flag, option.parameter, type=PORT, help=f"Port of tms {option.name}.")(command)
    return command


@click.command()
@click.argument("ini", required=False, type=click.Path(dir_okay=False))
@click.option("--state-dir", metavar="DIR", type=click.Path(file_okay=False), help="Directory of all data.")
@_with_ports
@click.option("--demo", is_flag=True, help="Add demo users and tasks if there are no tasks yet.")
@click.pass_obj
def up(invocation: Invocation, /, ini: str | None, state_dir: str | None, demo: bool, **ports: int | None) -> None:
    """Run the whole system in the foreground until Ctrl-C.

    Starts an embedded PostgreSQL and Valkey unless the settings file INI has their URLs, applies migrations, and runs
    every process of the included packages with a merged log. The data are kept.
    """
    invocation.ini = os.path.abspath(ini or invocation.ini)
    invocation.require("tms_local")
    given = _hand_down(
        TMS_INI=invocation.ini,
        TMS_STATE_DIR=state_dir and os.path.abspath(state_dir),
        **{option.variable: ports[option.parameter] for option in port_options()},
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
