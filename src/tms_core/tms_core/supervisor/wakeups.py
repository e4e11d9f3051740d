"""Signals and other threads' calls, made readable for a selector."""

import signal
import socket
from types import FrameType, TracebackType

WAKE = b"\0"


def stop_signals() -> set[signal.Signals]:
    """The signals that ask for an end; a hang-up does not under nohup."""
    stops = {signal.SIGINT, signal.SIGTERM}
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        stops.add(signal.SIGHUP)
    return stops


class Wakeups:
    """While entered, signals are bytes on a socket and interrupt nothing; the main thread's only."""

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        self._stops = stop_signals()

    def fileno(self) -> int:
        return self._reader.fileno()

    def wake(self) -> None:
        """May be called from any thread."""
        try:
            self._writer.send(WAKE)
        except OSError:
            # Full: then a wake-up is under way already. Closed: then nobody is left to wake.
            return

    def stops(self) -> int:
        """How many stop signals have come since the last call."""
        try:
            received = self._reader.recv(4096)
        except BlockingIOError:
            return 0
        return sum(received.count(number) for number in self._stops)

    def __enter__(self) -> "Wakeups":
        self._before = {number: signal.signal(number, _ignore) for number in (*self._stops, signal.SIGCHLD)}
        self._fd_before = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.set_wakeup_fd(self._fd_before)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._reader.close()
        self._writer.close()


def _ignore(number: int, frame: FrameType | None) -> None:
    """Only the byte that the interpreter writes counts; SIG_IGN would suppress it, and reach the children."""
