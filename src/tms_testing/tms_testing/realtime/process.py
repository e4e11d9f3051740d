"""A process that is killed and started again, its log awaited."""

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tms_core.supervisor import ProcessSpec
from tms_core.supervisor.orphans import dying_with_parent
from tms_testing.output import ProcessOutput
from tms_testing.processes import MARK

# On a machine that others keep busy.
PATIENCE = 60.0
PROBE_INTERVAL = 0.02
TMS = Path(sys.executable).with_name("tms")


class ManagedProcess:
    """One process of the system; a new one with each start.

    To be started by a thread that outlives it: the process gets its stop signal when that thread ends.
    """

    def __init__(self, spec: ProcessSpec, mark: str, ready: Sequence[str] = ()):
        """It is ready when its log has each of the expressions of `ready`, and `spec.is_ready` says so."""
        self.name = spec.name
        self.log: ProcessOutput
        self._spec = spec
        self._mark = mark
        self._ready = ready
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_running(self) -> bool:
        return self._process is not None

    @property
    def has_died(self) -> bool:
        """Whether it ended without being told to."""
        return self._process is not None and self._process.poll() is not None

    def start(self) -> None:
        self.launch()
        self.await_ready()

    def launch(self) -> None:
        """Start it, be it ready or not."""
        assert self._process is None, f"{self.name} runs already"
        self._process = subprocess.Popen(
            dying_with_parent(self._spec.argv, self._spec.stop_signal),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**(self._spec.env or os.environ), MARK: self._mark},
            cwd=self._spec.cwd,
            start_new_session=True,
            **self._spec.popen_options,
        )
        assert self._process.stdout is not None
        self.log = ProcessOutput(self._process.stdout, PATIENCE)

    def await_ready(self) -> None:
        for pattern in self._ready:
            self.log.wait_for(pattern)
        if self._spec.is_ready:
            self._await(self._spec.is_ready)

    def pause(self) -> None:
        """It does not get the processor any more, as on a machine that is out of breath, until `go_on`."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """At once, whatever it is doing."""
        self.end(signal.SIGKILL)

    def ask_to_end(self) -> None:
        """And not wait for it, if it runs."""
        if self._process is not None:
            self._process.send_signal(self._spec.stop_signal)

    def stop(self) -> int:
        """Its exit status when it was asked to end."""
        return self.end(self._spec.stop_signal)

    def end(self, number: signal.Signals) -> int:
        """Its exit status after a signal."""
        assert self._process is not None, f"{self.name} does not run"
        self._process.send_signal(number)
        try:
            status = self._process.wait(PATIENCE)
        finally:
            self._process.kill()
            self._process.wait()
            self._process = None
            self.log.close()
        return status

    def _await(self, is_ready: Callable[[], bool]) -> None:
        assert self._process is not None
        deadline = time.monotonic() + PATIENCE
        while not is_ready():
            try:
                self._process.wait(PROBE_INTERVAL)
            except subprocess.TimeoutExpired:
                assert time.monotonic() < deadline, f"{self.name} is not ready in time:\n{self.log.text}"
            else:
                raise AssertionError(f"{self.name} has ended:\n{self.log.text}")


def command(name: str, ini: Path, word: str) -> ProcessSpec:
    """`tms WORD`, run by an ini file."""
    # Else a `TMS_DATABASE_URL` of the shell's would win over the file.
    env: Mapping[str, str] = {key: value for key, value in os.environ.items() if not key.startswith("TMS_")}
    return ProcessSpec(name=name, argv=[TMS, "--ini", ini, word], env=env, cwd=ini.parent)


def new_mark() -> str:
    """A word in the environment of all processes of a run, by which they are found again."""
    return uuid.uuid4().hex


def living(mark: str, folder: Path) -> dict[int, str]:
    """What was started with the mark, or works in the folder (PostgreSQL's children overwrite their environment), and
    still lives: command lines by process id."""
    found: dict[int, Any] = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            is_ours = f"{MARK}={mark}".encode() in (path / "environ").read_bytes().split(b"\0")
            if is_ours or Path(os.readlink(path / "cwd")).is_relative_to(folder):
                found[int(path.name)] = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
    return {pid: words for pid, words in found.items() if pid != os.getpid()}
