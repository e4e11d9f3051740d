"""Runs a command as a process, waits for its output, and finds all processes of a run by a mark."""

import os
import re
import signal
import subprocess
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tms_testing.output import ProcessOutput

# The environment variable with the mark, which descendants inherit.
MARK = "TEST_RUN_MARK"


class WatchedProcess:
    """A process whose descendants carry a mark in their environment; a context manager that kills them all."""

    def __init__(
        self,
        argv: Sequence[str | os.PathLike[str]],
        *,
        patience: float = 30.0,
        env: Mapping[str, str] = os.environ,
        cwd: str | os.PathLike[str] | None = None,
    ):
        self._patience = patience
        self._mark = new_mark()
        self._process = subprocess.Popen(
            argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**env, MARK: self._mark}, cwd=cwd
        )
        assert self._process.stdout is not None
        self._output = ProcessOutput(self._process.stdout, patience)

    @property
    def text(self) -> str:
        """The output so far."""
        return self._output.text

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait_for(self, pattern: str, count: int = 1) -> list[re.Match[str]]:
        """Return the matches of a pattern in the output, once there are `count` of them."""
        return self._output.wait_for(pattern, count)

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.send(number)
        return self.end()

    def end(self) -> int:
        """Wait for the process to end; return its exit status. `text` then has the complete output."""
        self._output.wait_for_end()
        return self._process.wait(self._patience)

    def end_unread(self) -> int:
        """The same as `end`, if the output has been closed."""
        return self._process.wait(self._patience)

    def close_output(self) -> None:
        self._output.close()

    def living(self) -> dict[int, str]:
        """Return the running processes of this run, including orphans: command lines by process id."""
        return living(self._mark)

    def __enter__(self) -> "WatchedProcess":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        for pid in self.living():
            # It may end by itself meanwhile.
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._output.close()


def new_mark() -> str:
    """Return a random value for `MARK`."""
    return uuid.uuid4().hex


def living(mark: str, folder: Path | None = None) -> dict[int, str]:
    """Return the running processes with the mark, or with a working directory in the folder: command lines by id.

    The latter finds PostgreSQL's children, which overwrite their environment.
    """
    found: dict[int, str] = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            is_marked = f"{MARK}={mark}".encode() in (path / "environ").read_bytes().split(b"\0")
            if is_marked or (folder and Path(os.readlink(path / "cwd")).is_relative_to(folder)):
                command = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                found[int(path.name)] = command.strip()
        except OSError:
            # The process has ended, or belongs to another user.
            continue
    found.pop(os.getpid(), None)
    return found
