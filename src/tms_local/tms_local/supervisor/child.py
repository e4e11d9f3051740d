"""One supervised process across restarts."""

import os
import signal
import time
from collections.abc import Callable

from tms_local.supervisor.fork_server import ForkServer
from tms_local.supervisor.lines import LineBuffer
from tms_local.supervisor.probe import Probe
from tms_local.supervisor.specs import ProcessSpec
from tms_local.supervisor.starting import StartedProcess, start

CHUNK = 65536
# More than a pipe holds.
PIPE_CHUNKS = 20


class Child:
    """The mechanism of a supervised process; the supervisor decides when to start, restart and stop it."""

    def __init__(self, spec: ProcessSpec, wake: Callable[[], None], forks: ForkServer | None = None):
        self.spec = spec
        self._forks = forks
        self.failures = 0
        self.restart_at: float | None = None
        self.is_done = False
        self._wake = wake
        self._started_at = 0.0
        self._process: StartedProcess | None = None
        self._probe: Probe | None = None
        self._lines = LineBuffer()

    @property
    def was_started(self) -> bool:
        """Whether a start was attempted."""
        return self._started_at > 0.0

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def process(self) -> StartedProcess:
        if self._process is None:
            raise RuntimeError(f"{self.spec.name} is not running")
        return self._process

    @property
    def is_running(self) -> bool:
        return self._process is not None

    @property
    def is_up(self) -> bool:
        """Whether the processes that depend on this one can start."""
        if self.spec.once:
            return self.is_done
        return self.is_running and (self._probe is None or self._probe.succeeded)

    @property
    def age(self) -> float:
        """Seconds since the last start."""
        return time.monotonic() - self._started_at

    def start(self) -> None:
        """Start the process; raises OSError if the program cannot be run."""
        self.restart_at = None
        self._started_at = time.monotonic()
        self._lines = LineBuffer()
        self._process = start(self.spec, self._forks)
        os.set_blocking(self.output, False)
        if self.spec.is_ready:
            self._probe = Probe(self.spec.is_ready, self._wake)
            self._probe.start()

    @property
    def output(self) -> int:
        return self.process.output

    def read(self) -> tuple[list[str], bool]:
        """Return the complete lines received so far, and whether the output is still open."""
        try:
            chunk = os.read(self.output, CHUNK)
        except BlockingIOError:
            return [], True
        return self._lines.feed(chunk), bool(chunk)

    def has_exited(self) -> bool:
        return self.process.has_exited()

    def signal(self, number: signal.Signals) -> None:
        # Not Popen.send_signal(), which reaps.
        os.kill(self.pid, number)

    def kill_group(self) -> None:
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            # The group is empty; macOS raises PermissionError for that.
            return

    def finish(self) -> tuple[int, list[str]]:
        """Return the exit status and the last lines of an exited process, after killing the rest of its group."""
        self.kill_group()
        status = self.process.wait()
        lines = self._last_lines()
        os.close(self.output)
        self._process = None
        self.cancel_probe()
        return status, lines

    def _last_lines(self) -> list[str]:
        lines: list[str] = []
        # Bounded, since a process that left the group may continue to write.
        for _ in range(PIPE_CHUNKS):
            more_lines, can_go_on = self.read()
            lines += more_lines
            if not can_go_on:
                break
        return lines + self._lines.rest()

    def cancel_probe(self) -> None:
        if self._probe:
            self._probe.cancel()
            self._probe = None
