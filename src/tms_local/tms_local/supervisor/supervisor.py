"""The supervisor: starts stages in order, restarts processes with backoff, and stops stages in reverse order."""

import selectors
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

from tms_core.processes.orphans import adopt_orphans, end_children, reap_adopted
from tms_local.supervisor.child import Child
from tms_local.supervisor.fork_server import ForkServer
from tms_local.supervisor.log import MergedLog
from tms_local.supervisor.record import ProcessRecord
from tms_local.supervisor.shutdown import Shutdown
from tms_local.supervisor.specs import Backoff, ProcessSpec
from tms_local.supervisor.wakeups import Wakeups

OWN_NAME = "tms"
USUAL_BACKOFF = Backoff()


class Supervisor:
    """Runs in the main thread of a process without other children: at the end it kills all children.

    A stage starts when all processes of the previous stage are up, and stops when all later stages have ended. Until
    all stages were up once, a process that fails `attempts` times ends the whole system; later, processes are restarted
    without a limit.
    """

    def __init__(
        self,
        stages: Sequence[Sequence[ProcessSpec]],
        log: MergedLog,
        *,
        on_ready: Callable[[], None] = lambda: None,
        backoff: Backoff = USUAL_BACKOFF,
        attempts: int = 5,
        notice_every: float = 15.0,
        forks: ForkServer | None = None,
        record: ProcessRecord | None = None,
    ):
        self._wakeups = Wakeups()
        self._stages = [[Child(spec, self._wakeups.wake, forks) for spec in stage] for stage in stages]
        self._stages_to_start = list(self._stages)
        self._log = log
        self._on_ready = on_ready
        self._backoff = backoff
        self._attempts = attempts
        self._notice_every = notice_every
        self._notice_at = time.monotonic() + notice_every
        self._selector = selectors.DefaultSelector()
        self._record = record
        self._is_ready = False
        self._shutdown: Shutdown | None = None
        self._status = 0

    def run(self) -> int:
        """Run until a stop signal (status 0) or until the start has failed (status 1)."""
        adopt_orphans()
        with self._wakeups, self._selector:
            self._selector.register(self._wakeups, selectors.EVENT_READ, self._on_wake)
            try:
                while self._shutdown is None or not self._shutdown.is_over:
                    self._advance()
                    for key, _ in self._selector.select(self._timeout()):
                        key.data()
            finally:
                self._end_all()
        return self._status

    def _advance(self) -> None:
        """Perform all actions that are due."""
        if self._shutdown is None:
            self._restart_due()
            self._go_up()
            self._report_missing()
        if self._shutdown is not None:
            self._shutdown.advance()

    def _timeout(self) -> float | None:
        """Return the seconds until an action is due; None if only an event can cause one."""
        if self._shutdown is None:
            due = [child.restart_at for child in self._children() if child.restart_at is not None]
            due += [] if self._is_ready else [self._notice_at]
        elif self._shutdown.is_over:
            return 0.0
        else:
            due = [self._shutdown.deadline] if self._shutdown.deadline is not None else []
        return max(0.0, min(due) - time.monotonic()) if due else None

    def _go_up(self) -> None:
        while not self._is_ready and all(child.is_up for child in self._children() if child.was_started):
            if not self._stages_to_start:
                self._is_ready = True
                self._on_ready()
                return
            for child in self._stages_to_start.pop(0):
                self._start(child)

    def _report_missing(self) -> None:
        now = time.monotonic()
        if self._is_ready or now < self._notice_at:
            return
        self._notice_at = now + self._notice_every
        awaited = [child.spec.name for child in self._children() if child.was_started and not child.is_up]
        self._report(f"still waiting for {', '.join(awaited)}")

    def _restart_due(self) -> None:
        now = time.monotonic()
        for child in self._children():
            if child.restart_at is not None and child.restart_at <= now:
                self._start(child)

    def _start(self, child: Child) -> None:
        if self._shutdown is not None:
            return
        try:
            child.start()
        except OSError as error:
            self._retry_later(child, f"cannot be started ({error})")
            return
        self._selector.register(child.output, selectors.EVENT_READ, lambda: self._on_output(child))
        if self._record:
            self._record.add(child.spec.name, child.pid, child.spec.stop_signal)
        self._report(f"{child.spec.name} started (process {child.pid})")

    def _on_wake(self) -> None:
        stops = self._wakeups.stops()
        for child in [child for child in self._running() if child.has_exited()]:
            self._on_exit(child)
        reap_adopted({child.pid for child in self._running()})
        for _ in range(stops):
            if self._shutdown is None:
                self._stop("stopping")
            else:
                self._shutdown.hurry()

    def _on_output(self, child: Child) -> None:
        # An earlier event of the same iteration may have ended the process.
        if not child.is_running:
            return
        lines, can_go_on = child.read()
        self._print(child, lines)
        if not can_go_on:
            self._selector.unregister(child.output)

    def _on_exit(self, child: Child) -> None:
        with suppress(KeyError):
            self._selector.unregister(child.output)
        pid = child.pid
        status, lines = child.finish()
        if self._record:
            self._record.remove(pid)
        self._print(child, lines)
        what = _describe_status(status)
        if child.spec.once and status == 0:
            child.is_done = True
        elif self._shutdown is not None:
            self._report(f"{child.spec.name} {what}")
        elif child.spec.once:
            self._fail(f"{child.spec.name} {what}")
        else:
            self._retry_later(child, what)

    def _retry_later(self, child: Child, what: str) -> None:
        if child.age >= self._backoff.healthy_after:
            child.failures = 0
        delay = self._backoff.delay(child.failures)
        child.failures += 1
        if not self._is_ready and child.failures >= self._attempts:
            self._fail(f"{child.spec.name} {what}, attempt {child.failures} of {self._attempts}", child.spec.advice)
            return
        child.restart_at = time.monotonic() + delay
        self._report(f"{child.spec.name} {what}; starting it again in {delay:g} s")

    def _fail(self, why: str, advice: str = "") -> None:
        self._status = 1
        self._stop(f"{why}: stopping")
        if advice:
            self._report(advice)

    def _stop(self, why: str) -> None:
        self._report(why)
        for child in self._children():
            child.cancel_probe()
        self._shutdown = Shutdown(self._stages, self._report)

    def _end_all(self) -> None:
        """End all remaining processes, also those that left their group, even after an error of the supervisor."""
        for child in self._running():
            child.kill_group()
            child.finish()
        end_children(grace=0.0)

    def _children(self) -> Iterator[Child]:
        return (child for stage in self._stages for child in stage)

    def _running(self) -> Iterator[Child]:
        return (child for child in self._children() if child.is_running)

    def _print(self, child: Child, lines: list[str]) -> None:
        self._log.lines(child.spec.name, lines)

    def _report(self, text: str) -> None:
        self._log.line(OWN_NAME, text)


def _describe_status(status: int) -> str:
    if status >= 0:
        return f"ended with status {status}"
    try:
        return f"was killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"was killed by signal {-status}"
