import os
import signal
from pathlib import Path
from typing import Any

import click
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server import Server

from tms_core.commands.invocation import Invocation
from tms_core.commands.shared_metrics import shared_metrics
from tms_core.supervisor.orphans import die_with_parent
from tms_core.supervisor.ports import require_free

# Connections that wait to be accepted while all threads are busy.
BACKLOG = 1024
# For requests that are under way when the command is told to end; less than the supervisor waits.
STOPPING_SECONDS = 5


@click.command()
@click.option("--host", help="Address to listen on; default tms.api_host.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on; default tms.api_port.")
@click.option("--workers", type=click.IntRange(1), help="Processes; default tms.api_workers.")
@click.pass_obj
def api(invocation: Invocation, host: str | None, port: int | None, workers: int | None) -> None:
    """Serve the REST API. Run as many as you like behind a load balancer."""
    with shared_metrics():
        # Read here too, so that a bad setting ends the command before any process is started.
        core = invocation.bootstrap().core
        # Several servers may share a port (SO_REUSEPORT), so the server itself would not notice another one.
        require_free(host or core.api_host, port or core.api_port, "--port", "--host or tms.api_host")
        os.environ["TMS_INI"] = str(Path(invocation.ini).resolve())
        Server(
            "tms_core.wsgi:application",
            interface=Interfaces.WSGI,
            address=host or core.api_host,
            port=port or core.api_port,
            workers=workers or core.api_workers,
            blocking_threads=core.api_threads,
            backlog=BACKLOG,
            http=HTTPModes.http1,
            respawn_failed_workers=True,
            workers_kill_timeout=STOPPING_SECONDS,
            log_level=LogLevels.warning,
            websockets=False,
        ).serve(target_loader=load_application, wrap_loader=False)


def load_application() -> Any:
    """Called in each of the server's processes."""
    # Until it serves, a signal would end in its parent's handler and be lost.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    # A process whose server was killed would go on answering on its port.
    die_with_parent(signal.SIGTERM)

    from tms_core.wsgi import application

    return application()
