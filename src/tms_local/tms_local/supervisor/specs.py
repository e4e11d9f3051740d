"""Specifications of processes, and the backoff between restarts."""

import os
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class ProcessSpec:
    """A process to run. `once` means a job that exits by itself with status 0.

    `is_ready` is polled in a thread until it returns True; None means that a running process is ready. On shutdown only
    the process itself receives `stop_signal`; its group is killed after `grace` seconds. `advice` is logged if the
    process does not start. `command` is the `tms` command, which a fork server can run without a new interpreter; None
    for other programs.
    """

    name: str
    argv: Sequence[str | os.PathLike[str]]
    env: Mapping[str, str] | None = None
    cwd: str | os.PathLike[str] | None = None
    popen_options: Mapping[str, Any] = field(default_factory=dict)
    is_ready: Callable[[], bool] | None = None
    once: bool = False
    stop_signal: signal.Signals = signal.SIGTERM
    grace: float = 10.0
    command: Sequence[str] | None = None
    advice: str = ""


@dataclass(frozen=True)
class Backoff:
    """Seconds before the next start: doubled at each failure, and reset after a period without failures."""

    first: float = 0.5
    longest: float = 30.0
    healthy_after: float = 30.0

    def delay(self, failures: int) -> float:
        return min(self.first * 2.0 ** min(failures, 16), self.longest)
