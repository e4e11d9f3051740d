"""One process of the HTTP server."""

import signal
import socket
import sys
from functools import partial
from typing import Any

import uvicorn

from tms_core.delayed_writer import STANDARD_ERROR
from tms_core.open_files import possible_connections
from tms_core.server.admission import Admission
from tms_core.server.application import Application
from tms_core.server.connections import Connections
from tms_core.server.limits import Limits
from tms_core.server.protocol import LimitedProtocol
from tms_core.server.threads import WorkerThreads

# Connections that wait to be accepted.
BACKLOG = 2048
# For requests that are under way when the process is told to end; less than the supervisor waits.
STOPPING_SECONDS = 5
# The event loop waits at most so long for the interpreter while threads are at work. Python's own 5 ms is longer than
# ten short requests take.
SWITCH_SECONDS = 0.002


def serve(wsgi: Any, listening: socket.socket) -> None:
    """Serves a Pyramid application until SIGTERM or SIGINT."""
    sys.setswitchinterval(SWITCH_SECONDS)
    core = wsgi.registry.tms.core
    limits = Limits.of(core, connections=possible_connections(core.api_connections))
    app = Application(wsgi, Admission(wsgi.registry), limits, WorkerThreads(core.api_threads))
    config = uvicorn.Config(
        app,
        http=partial(LimitedProtocol, limits, Connections(limits.connections)),  # type: ignore[arg-type]
        loop="uvloop",
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        log_level="error",
        access_log=False,
        # The application reads X-Forwarded-For itself (tms_core.web.client_address).
        proxy_headers=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=core.api_keep_alive_seconds,
        timeout_graceful_shutdown=STOPPING_SECONDS,
    )
    server = uvicorn.Server(config)
    # uvicorn takes the signals over later, and raises them once more when it has stopped.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, server.handle_exit)
    server.run(sockets=[listening])
    # The process ends without Python's own exit handlers.
    STANDARD_ERROR.flush()
