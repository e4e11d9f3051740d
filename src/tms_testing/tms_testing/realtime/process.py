"""A process of the system, which can be killed and restarted, and whose log can be awaited."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tms_core.processes.orphans import dying_with_parent
from tms_local.supervisor import ProcessSpec
from tms_testing.output import ProcessOutput
from tms_testing.processes import MARK

# Seconds; generous, since other tests may keep the machine busy.
PATIENCE = 60.0
PROBE_INTERVAL = 0.02
TMS = Path(sys.executable).with_name("tms")


class ManagedProcess:
    """One process of the system; each start creates a new operating system process.

    It must be started by a thread that outlives it: the process gets its stop signal when that thread ends.
    """

    def __init__(self, spec: ProcessSpec, mark: str, ready: Sequence[str] = ()):
        """The process is ready when its log matches all patterns of `ready`, and `spec.is_ready` returns True."""
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
        """Whether the process ended without being asked to."""
        return self._process is not None and self._process.poll() is not None

    def start(self) -> None:
        """Start the process and wait until it is ready."""
        self.launch()
        self.await_ready()

    def launch(self) -> None:
        """Start the process without waiting until it is ready."""
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
        """Wait until the process is ready; raises AssertionError if it ends or takes too long."""
        for pattern in self._ready:
            self.log.wait_for(pattern)
        if self._spec.is_ready:
            self._await(self._spec.is_ready)

    def pause(self) -> None:
        """Suspend the process until `resume`."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Resume a suspended process."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """Kill the process with SIGKILL."""
        self.end(signal.SIGKILL)

    def kill_group(self) -> None:
        """Kill the process and its children with SIGKILL."""
        assert self._process is not None, f"{self.name} does not run"
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self.kill()

    def ask_to_end(self) -> None:
        """Send the stop signal, if the process is running, without waiting."""
        if self._process is not None:
            self._process.send_signal(self._spec.stop_signal)

    def stop(self) -> int:
        """Send the stop signal, wait, and return the exit status."""
        return self.end(self._spec.stop_signal)

    def end(self, number: signal.Signals) -> int:
        """Send a signal, wait, and return the exit status."""
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


def command(name: str, ini: Path, subcommand: str) -> ProcessSpec:
    """Return the spec of `tms SUBCOMMAND` with an ini file."""
    # TMS_ variables of the shell would take precedence over the file.
    env: Mapping[str, str] = {key: value for key, value in os.environ.items() if not key.startswith("TMS_")}
    return ProcessSpec(name=name, argv=[TMS, "--ini", ini, subcommand], env=env, cwd=ini.parent)
