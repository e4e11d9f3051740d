"""What the supervisor is told about a process, and how long it waits before it starts one again."""

import os
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class ProcessSpec:
    """A process to run; `once` means that it has a job to do and then ends by itself with status 0.

    `is_ready` is asked again and again, from a thread, until it says yes; without it, running is ready.
    At the stop the process alone gets `stop_signal`; what is left of its group after `grace` seconds is killed.
    `advice` is told when it does not start. `command` is the `tms` command that it runs, where it is one: a fork server
    can run that without a new interpreter.
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
    """Seconds before the next start: doubled at each failure, forgotten after a while without one."""

    first: float = 0.5
    longest: float = 30.0
    healthy_after: float = 30.0

    def delay(self, failures: int) -> float:
        return min(self.first * 2.0 ** min(failures, 16), self.longest)
