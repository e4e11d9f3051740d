import os
from pathlib import Path

import click
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

from tms_core.commands.invocation import Invocation

# Connections that wait to be accepted while all threads are busy.
BACKLOG = 1024


@click.command()
@click.option("--host", help="Address to listen on; default tms.api_host.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on; default tms.api_port.")
@click.option("--workers", type=click.IntRange(1), help="Processes; default tms.api_workers.")
@click.pass_obj
def api(invocation: Invocation, host: str | None, port: int | None, workers: int | None) -> None:
    """Serve the REST API. Run as many as you like behind a load balancer."""
    # Read here too, so that a bad setting ends the command before any process is started.
    core = invocation.bootstrap().core
    os.environ["TMS_INI"] = str(Path(invocation.ini).resolve())
    Server(
        "tms_core.wsgi:application",
        factory=True,
        interface=Interfaces.WSGI,
        address=host or core.api_host,
        port=port or core.api_port,
        workers=workers or core.api_workers,
        blocking_threads=core.api_threads,
        backlog=BACKLOG,
        respawn_failed_workers=True,
        log_level=LogLevels.warning,
        process_name="tms-api",
        websockets=False,
    ).serve()
