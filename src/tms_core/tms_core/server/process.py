"""One process of the HTTP server."""

import signal
import socket
import sys
from functools import partial
from typing import Any

import uvicorn

from tms_core.delayed_writer import STANDARD_ERROR
from tms_core.open_files import possible_connections
from tms_core.processes.heartbeat import Heartbeat
from tms_core.server.admission import Admission
from tms_core.server.application import Application
from tms_core.server.connections import Connections
from tms_core.server.limits import Limits
from tms_core.server.protocol import LimitedProtocol
from tms_core.server.threads import WorkerThreads

# Length of the queue of connections to accept.
BACKLOG = 2048
# Time for running requests on shutdown; less than the supervisor's grace period.
STOPPING_SECONDS = 5
# Maximum time that the event loop waits for the GIL while worker threads run. Python's default of 5 ms is longer than
# ten short requests.
SWITCH_SECONDS = 0.002


def serve(wsgi: Any, listening: socket.socket) -> None:
    """Serve a Pyramid application until SIGTERM or SIGINT."""
    sys.setswitchinterval(SWITCH_SECONDS)
    core = wsgi.registry.tms.core
    limits = Limits.of(core, connections=possible_connections(core.api_connections))
    threads = WorkerThreads(core.api_threads)
    app = Application(wsgi, Admission(wsgi.registry), limits, threads, wsgi.registry.batch_lookups)
    config = uvicorn.Config(
        app,  # type: ignore[arg-type] # only our protocol calls it
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
    # uvicorn replaces these handlers, and raises the signals again after stopping.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, server.handle_exit)
    with Heartbeat(wsgi.registry.tms, "api"):
        server.run(sockets=[listening])
    # The process exits without running Python's exit handlers.
    STANDARD_ERROR.flush()
