import os
from functools import partial
from pathlib import Path

import click

from tms_core.commands.invocation import Invocation
from tms_core.commands.shared_metrics import shared_metrics
from tms_core.processes.ports import require_free
from tms_core.server.workers import Workers, listen


@click.command()
@click.option("--host", help="Address to listen on; default tms.api_host.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on; default tms.api_port.")
@click.option("--workers", type=click.IntRange(1), help="Processes; default tms.api_workers.")
@click.pass_obj
def api(invocation: Invocation, host: str | None, port: int | None, workers: int | None) -> None:
    """Serve the REST API. Several instances can run behind a load balancer."""
    with shared_metrics():
        # Read here too, so that an invalid setting ends the command before any process is started.
        core = invocation.bootstrap().core
        # With SO_REUSEPORT, the server itself would not detect another server on the port.
        require_free(host or core.api_host, port or core.api_port, "--port", "--host or tms.api_host")
        os.environ["TMS_INI"] = str(Path(invocation.ini).resolve())
        sockets = listen(host or core.api_host, port or core.api_port, workers or core.api_workers)
        # Imported after `shared_metrics`, since prometheus_client reads its environment variable on import.
        from tms_core.server.process import STOPPING_SECONDS, serve
        from tms_core.wsgi import application

        # Loaded once, before the workers are forked, so that they share its memory.
        wsgi = application()
        if len(sockets) == 1:
            serve(wsgi, sockets[0])
        else:
            Workers(sockets, partial(serve, wsgi), STOPPING_SECONDS + 1).run()
