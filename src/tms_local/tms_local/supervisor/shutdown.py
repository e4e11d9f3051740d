"""Shutdown in reverse order of stages: each process is signalled, and killed after its grace period."""

import math
import time
from collections.abc import Callable, Sequence

from tms_local.supervisor.child import Child

HURRIED_GRACE = 1.0


class Shutdown:
    """The progress of a shutdown; `advance` must be called when a process has ended and at the deadline."""

    def __init__(self, stages: Sequence[Sequence[Child]], report: Callable[[str], None]):
        self._stages_left = list(stages)
        self._stage: Sequence[Child] = ()
        self._report = report
        self._is_hurried = False
        # Times at which signalled processes are killed; killed processes are awaited without a limit.
        self._deadlines: dict[Child, float] = {}

    @property
    def is_over(self) -> bool:
        return not self._stages_left and not self._running()

    @property
    def deadline(self) -> float | None:
        """The time of the next `advance` if no process ends before."""
        return min((self._deadlines[child] for child in self._running() if child in self._deadlines), default=None)

    def advance(self) -> None:
        while self._stages_left and not self._running():
            self._stage = self._stages_left.pop()
            self._signal_stage()
        self._kill_late(time.monotonic())

    def hurry(self) -> None:
        """Kill this stage now, and shorten the grace period of the others."""
        self._report("hurrying")
        self._is_hurried = True
        self._kill_late(math.inf)

    def _signal_stage(self) -> None:
        for child in self._running():
            child.signal(child.spec.stop_signal)
            grace = min(child.spec.grace, HURRIED_GRACE) if self._is_hurried else child.spec.grace
            self._deadlines[child] = time.monotonic() + grace

    def _kill_late(self, now: float) -> None:
        for child in self._running():
            if child in self._deadlines and self._deadlines[child] <= now:
                self._report(f"killing {child.spec.name}, which has not stopped yet")
                child.kill_group()
                del self._deadlines[child]

    def _running(self) -> list[Child]:
        return [child for child in self._stage if child.is_running]
