"""Delivery of signals and of calls from other threads to a selector."""

import signal
import socket
from types import FrameType, TracebackType

WAKE = b"\0"


def stop_signals() -> set[signal.Signals]:
    """Return the signals that stop the process; without SIGHUP under nohup."""
    stops = {signal.SIGINT, signal.SIGTERM}
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        stops.add(signal.SIGHUP)
    return stops


class Wakeups:
    """A context manager in which signals arrive as bytes on a socket and interrupt nothing; main thread only."""

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        self._stops = stop_signals()

    def fileno(self) -> int:
        return self._reader.fileno()

    def wake(self) -> None:
        """Wake the selector; may be called from any thread."""
        try:
            self._writer.send(WAKE)
        except OSError:
            # A full socket already holds a wake-up; a closed one has no reader.
            return

    def stops(self) -> int:
        """Return the number of stop signals since the last call."""
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
    """Do nothing: the interpreter writes a byte per signal. SIG_IGN would suppress that, and be inherited."""
