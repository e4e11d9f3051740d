"""A parent process of the supervisor, so that no process survives a `kill -9` of either.

If the supervisor dies, the guard adopts its children (on Linux) and ends them; if the guard dies, a pipe closes and the
supervisor stops in order. The supervisor has its own session, so that killing the shell's whole job does not reach both
at once; the guard forwards signals.
"""

import os
import signal
import sys
import threading

from tms_core.processes.orphans import adopt_orphans, end_children
from tms_local.supervisor.wakeups import stop_signals


def leave_guard(*, grace: float = 10.0) -> None:
    """Fork and return in the child; the parent stays as its guard, and exits with the child's status.

    Must be called before any thread is started. `grace` is the time in seconds for the children of a killed supervisor
    to end.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    adopt_orphans()
    reader, writer = os.pipe()
    # Blocked until the handlers are installed, or a signal in between would end only the guard.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, stop_signals())
    pid = os.fork()
    if pid != 0:
        os.close(reader)
        _guard(pid, grace)
    os.close(writer)
    os.setsid()
    threading.Thread(target=_stop_without_guard, args=(reader,), name="guard", daemon=True).start()
    signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _guard(pid: int, grace: float) -> None:
    """Forward signals, wait for the supervisor and end its children; never returns."""
    forwarded: list[int] = []

    def forward(number: int, _: object) -> None:
        forwarded.append(number)
        os.kill(pid, number)

    for number in stop_signals():
        signal.signal(number, forward)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, stop_signals())
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status < 0 and -status not in forwarded:
        print(f"tms: the supervisor was killed by signal {-status}; ending what it left", file=sys.stderr)
    end_children(grace)
    sys.stderr.flush()
    # Exit handlers belong to the supervisor, which has run them.
    os._exit(status if status >= 0 else 128 - status)


def _stop_without_guard(reader: int) -> None:
    # Nothing is ever written: the read returns when the guard ends.
    os.read(reader, 1)
    os.kill(os.getpid(), signal.SIGTERM)
