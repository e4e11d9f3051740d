"""The worker processes of the HTTP server: forked, replaced when they die, and stopped together."""

import gc
import logging
import os
import signal
import socket
import time
from collections.abc import Callable

from tms_core.errors import ConfigurationError
from tms_core.processes.orphans import die_with_parent

log = logging.getLogger(__name__)
WATCHED = {signal.SIGTERM, signal.SIGINT, signal.SIGCHLD}
# Pause between the death of a process and its replacement, so that a failing start does not use all CPU time.
RESPAWN_SECONDS = 1.0
Serve = Callable[[socket.socket], None]


class Workers:
    """The worker processes, each with its own socket on the same port (SO_REUSEPORT).

    The parent opens the sockets, so that the replacement of a process serves the connections queued on its socket.
    """

    def __init__(self, sockets: list[socket.socket], serve: Serve, stopping_seconds: float):
        self._sockets = sockets
        self._serve = serve
        self._stopping_seconds = stopping_seconds
        self._running: dict[int, socket.socket] = {}

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT."""
        signal.pthread_sigmask(signal.SIG_BLOCK, WATCHED)
        # Keep the pages of imported modules shared with the workers.
        gc.collect()
        gc.freeze()
        for listening in self._sockets:
            self._start(listening)
        while signal.sigwait(WATCHED) == signal.SIGCHLD:
            if dead := self._reap():
                if signal.sigtimedwait(WATCHED - {signal.SIGCHLD}, RESPAWN_SECONDS):
                    break
                for listening in dead:
                    self._start(listening)
        self._stop()

    def _start(self, listening: socket.socket) -> None:
        parent = os.getpid()
        pid = os.fork()
        if pid:
            self._running[pid] = listening
            return
        status = 1
        try:
            die_with_parent(signal.SIGTERM)
            if os.getppid() == parent:
                self._become_worker(listening)
            status = 0
        except Exception:
            log.exception("a process of the server failed")
        finally:
            os._exit(status)

    def _become_worker(self, listening: socket.socket) -> None:
        for other in self._sockets:
            if other is not listening:
                other.close()
        for number in WATCHED:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, WATCHED)
        self._serve(listening)

    def _reap(self) -> list[socket.socket]:
        """Return the sockets of the processes that have died since the last call."""
        dead = []
        while self._running:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                break
            if listening := self._running.pop(pid, None):
                log.warning("process %d of the server ended (%d)", pid, os.waitstatus_to_exitcode(status))
                dead.append(listening)
        return dead

    def _stop(self) -> None:
        # Refuse new connections.
        for listening in self._sockets:
            listening.close()
        for pid in self._running:
            os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + self._stopping_seconds
        while self._running and (left := deadline - time.monotonic()) > 0:
            signal.sigtimedwait({signal.SIGCHLD}, left)
            self._forget_ended()
        for pid in self._running:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)

    def _forget_ended(self) -> None:
        while self._running and (pid := os.waitpid(-1, os.WNOHANG)[0]):
            self._running.pop(pid, None)


def listen(host: str, port: int, count: int) -> list[socket.socket]:
    """Return `count` listening sockets on one port; raises `ConfigurationError` if the port cannot be bound."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    sockets = []
    for _ in range(count):
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        try:
            listening.bind(address)
        except OSError as error:
            raise ConfigurationError(f"port {port} on {host} cannot be listened on ({error.strerror})") from None
        sockets.append(listening)
    return sockets
