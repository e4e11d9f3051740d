"""Starting a process: by the fork server where that can, else as a program of its own."""

import os
import subprocess
from contextlib import suppress
from dataclasses import dataclass

from tms_core.supervisor.fork_server import ForkServer
from tms_core.supervisor.orphans import dying_with_parent
from tms_core.supervisor.specs import ProcessSpec


@dataclass(frozen=True, slots=True)
class StartedProcess:
    """A child of this process, and the file descriptor that its output is read from."""

    pid: int
    output: int
    program: "subprocess.Popen[bytes] | None" = None

    def has_exited(self) -> bool:
        if self.program and not hasattr(os, "waitid"):
            return self.program.poll() is not None
        # Looked at without reaping: while the dead leader is there, its group's number is nobody else's.
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def wait(self) -> int:
        """Reap it; the exit status, negative for a signal."""
        return self.program.wait() if self.program else os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def start(spec: ProcessSpec, forks: ForkServer | None = None) -> StartedProcess:
    """Raises OSError when the program cannot be run."""
    reader, writer = os.pipe()
    try:
        if forks is not None and spec.command is not None:
            # A fork server that has died is done without.
            with suppress(OSError):
                return StartedProcess(forks.fork(spec.command, spec.env or os.environ, spec.cwd, writer), reader)
        program = _run(spec, writer)
        return StartedProcess(program.pid, reader, program)
    except OSError:
        os.close(reader)
        raise
    finally:
        os.close(writer)


def _run(spec: ProcessSpec, output: int) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        # One whose supervisor is killed, and its guard too, ends as well.
        dying_with_parent(spec.argv, spec.stop_signal),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        env=spec.env,
        cwd=spec.cwd,
        # A session of its own: the terminal's Ctrl-C stays with us, and the group can be killed as a whole.
        start_new_session=True,
        **spec.popen_options,
    )
