"""Starting of processes: by the fork server if possible, else as a program."""

import os
import subprocess
from contextlib import suppress
from dataclasses import dataclass

from tms_core.processes.orphans import dying_with_parent
from tms_local.supervisor.fork_server import ForkServer
from tms_local.supervisor.specs import ProcessSpec


@dataclass(frozen=True, slots=True)
class StartedProcess:
    """A child of this process, and the file descriptor of its output."""

    pid: int
    output: int
    program: "subprocess.Popen[bytes] | None" = None

    def has_exited(self) -> bool:
        if self.program and not hasattr(os, "waitid"):
            return self.program.poll() is not None
        # Without reaping: while the group leader is a zombie, its group id cannot be reused.
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def wait(self) -> int:
        """Reap the process and return its exit status, negative for a signal."""
        return self.program.wait() if self.program else os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def start(spec: ProcessSpec, forks: ForkServer | None = None) -> StartedProcess:
    """Start a process; raises OSError if the program cannot be run."""
    reader, writer = os.pipe()
    try:
        if forks is not None and spec.command is not None:
            # If the fork server has died, start the program directly.
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
        # Ends the process even if both the supervisor and the guard are killed.
        dying_with_parent(spec.argv, spec.stop_signal),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        env=spec.env,
        cwd=spec.cwd,
        # Its own session: the terminal's Ctrl-C reaches only the supervisor, and the group can be killed as a whole.
        start_new_session=True,
        **spec.popen_options,
    )
