"""A process that has loaded the libraries of all services, and forks each of them.

Services share its memory, and none loads a second time what all need. Each is a grandchild that loses its parent at
once: the supervisor, to which Linux gives such orphans (PR_SET_CHILD_SUBREAPER), waits for it as for its own child.
"""

import gc
import json
import os
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tms_core.supervisor.forked_service import become_service
from tms_core.supervisor.orphans import LINUX, adopt_orphans

# Longer than loading everything on a busy machine takes.
LONG_TIMEOUT = 60.0
MAX_REQUEST_LENGTH = 1 << 20


class ForkServer:
    """To be started before any thread is; `load` imports what services share, in the new process."""

    def __init__(self, load: Callable[[], None]):
        adopt_orphans()
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.settimeout(LONG_TIMEOUT)
        supervisor = os.getpid()
        sys.stdout.flush()
        sys.stderr.flush()
        # Collections would otherwise write to every object's header, and so copy the shared pages.
        gc.freeze()
        self.pid = os.fork()
        if self.pid == 0:
            self._socket.close()
            _serve(theirs, load, supervisor)
        theirs.close()

    def fork(
        self, command: Sequence[str], env: Mapping[str, str], cwd: str | os.PathLike[str] | None, output: int
    ) -> int:
        """Run a `tms` command in a new child of this process; returns its id. Raises OSError when that fails."""
        request = json.dumps({"command": list(command), "env": dict(env), "cwd": os.fspath(cwd) if cwd else None})
        socket.send_fds(self._socket, [request.encode()], [output])
        answer = self._socket.recv(64)
        if not answer:
            raise ConnectionResetError("the fork server has ended")
        return int(answer)


def create_fork_server(load: Callable[[], None]) -> ForkServer | None:
    """None where the system cannot give orphans to the supervisor."""
    return ForkServer(load) if LINUX else None


def _serve(requests: socket.socket, load: Callable[[], None], supervisor: int) -> None:
    """Never returns."""
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
    """Answers with the service's id when it has lost its parent, so that the supervisor can wait for it."""
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
