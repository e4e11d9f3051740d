"""A process that imports the libraries of all services, and forks each service.

Services share the server's memory and start without importing anything again. Each is a grandchild whose parent exits
at once, so that the supervisor (PR_SET_CHILD_SUBREAPER) adopts the service and can wait for it as for its own child.
"""

import gc
import json
import os
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tms_core.processes.orphans import LINUX, adopt_orphans
from tms_local.supervisor.forked_service import become_service

# Longer than the imports take on a busy machine.
LONG_TIMEOUT = 60.0
MAX_REQUEST_LENGTH = 1 << 20


class ForkServer:
    """Must be created before any thread is started; `load` imports the shared modules in the new process."""

    def __init__(self, load: Callable[[], None]):
        adopt_orphans()
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.settimeout(LONG_TIMEOUT)
        supervisor = os.getpid()
        sys.stdout.flush()
        sys.stderr.flush()
        # Garbage collection would otherwise write to every object's header, and so copy the shared pages.
        gc.freeze()
        self.pid = os.fork()
        if self.pid == 0:
            self._socket.close()
            _serve(theirs, load, supervisor)
        theirs.close()

    def fork(
        self, command: Sequence[str], env: Mapping[str, str], cwd: str | os.PathLike[str] | None, output: int
    ) -> int:
        """Run a `tms` command in a new child of this process; returns its process id. Raises OSError on failure."""
        request = json.dumps({"command": list(command), "env": dict(env), "cwd": os.fspath(cwd) if cwd else None})
        socket.send_fds(self._socket, [request.encode()], [output])
        answer = self._socket.recv(64)
        if not answer:
            raise ConnectionResetError("the fork server has ended")
        return int(answer)


def create_fork_server(load: Callable[[], None]) -> ForkServer | None:
    """Return a fork server; None on systems without child subreapers."""
    return ForkServer(load) if LINUX else None


def _serve(requests: socket.socket, load: Callable[[], None], supervisor: int) -> None:
    """Serve fork requests; never returns."""
    try:
        load()
        gc.collect()
        gc.freeze()
        while True:
            request, descriptors, _, _ = socket.recv_fds(requests, MAX_REQUEST_LENGTH, 1)
            if not request:
                os._exit(0)
            _fork_twice(requests, json.loads(request), descriptors[0], supervisor)
            os.close(descriptors[0])
    except BaseException:
        sys.excepthook(*sys.exc_info())
        raise
    finally:
        os._exit(1)


def _fork_twice(requests: socket.socket, request: dict[str, Any], output: int, supervisor: int) -> None:
    """Fork a service and send its process id when its parent has exited, so that the supervisor can wait for it."""
    reader, writer = os.pipe()
    between = os.fork()
    if between == 0:
        if service := os.fork():
            os.write(writer, str(service).encode())
            os._exit(0)
        requests.close()
        become_service(request["command"], request["env"], request["cwd"], output, supervisor)
    os.close(writer)
    os.waitpid(between, 0)
    requests.send(os.read(reader, 64))
    os.close(reader)
