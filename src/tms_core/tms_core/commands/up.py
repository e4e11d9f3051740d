import os
import sys

import click

from tms_core.commands.banner import banner
from tms_core.commands.invocation import Invocation
from tms_core.embedded.state import StateDirectory
from tms_core.runtime import Runtime
from tms_core.supervisor import MergedLog, Supervisor
from tms_core.supervisor.guard import leave_guard
from tms_core.supervisor.ports import require_free
from tms_core.system import embedded_servers, jobs, ports, processes

PORT = click.IntRange(1, 65535)


@click.command()
@click.argument("ini", required=False, type=click.Path(dir_okay=False))
@click.option("--state-dir", metavar="DIR", type=click.Path(file_okay=False), help="Where all data are kept.")
@click.option("--api-port", type=PORT, help="Port of the REST API, the documentation and the pages.")
@click.option("--realtime-port", type=PORT, help="Port of the WebSocket.")
@click.option("--demo", is_flag=True, help="Add users and tasks to look at, if there are no tasks yet.")
@click.pass_obj
def up(
    invocation: Invocation,
    ini: str | None,
    state_dir: str | None,
    api_port: int | None,
    realtime_port: int | None,
    demo: bool,
) -> None:
    """Run the whole system in the foreground; Ctrl-C stops it, and the data stay.

    Starts an embedded PostgreSQL and Valkey where the settings file INI names no server, brings the database
    up to date, and runs every process of the included packages, with one log.
    """
    invocation.ini = os.path.abspath(ini or invocation.ini)
    given = _hand_down(
        TMS_INI=invocation.ini,
        TMS_STATE_DIR=state_dir and os.path.abspath(state_dir),
        TMS_API_PORT=api_port,
        TMS_REALTIME_PORT=realtime_port,
    )
    leave_guard()
    runtime = invocation.bootstrap()
    state = StateDirectory(runtime.core.state_dir)
    state.prepare()
    with state.lock():
        sys.exit(_run(runtime, state, given, demo=demo))


def _hand_down(**variables: str | int | None) -> dict[str, str]:
    """Set what was given on the command line in the environment, for this process and its children."""
    given = {name: str(value) for name, value in variables.items() if value is not None}
    os.environ.update(given)
    return given


def _run(runtime: Runtime, state: StateDirectory, given: dict[str, str], *, demo: bool) -> int:
    for name, port in ports(runtime).items():
        require_free("127.0.0.1", port, f"--{name}-port" if name in ("api", "realtime") else f"tms.{name}.port")
    servers = embedded_servers(runtime, state)
    for server in servers:
        server.initialise()
    stages = [[spec] for spec in (*(server.process() for server in servers), *jobs(demo=demo))]
    stages.append(processes(runtime))
    log = MergedLog(["tms", *(spec.name for stage in stages for spec in stage)])
    supervisor = Supervisor(stages, log, on_ready=lambda: log.write(banner(runtime, state, given)))
    return supervisor.run()
