"""A second process above the supervisor, so that nothing is left behind even after a `kill -9` of either.

The supervisor's death leaves its children to the guard (on Linux), which ends them; the guard's death closes a pipe,
at which the supervisor stops in order. The supervisor has a session of its own, so that a kill of the shell's whole
job does not reach both at once; signals come to it through the guard only.
"""

import os
import signal
import sys
import threading

from tms_core.supervisor.orphans import adopt_orphans, end_children
from tms_core.supervisor.wakeups import stop_signals


def leave_guard(*, grace: float = 10.0) -> None:
    """Returns in a new process. The old one stays, its guard, and exits with its status.

    To be called before any thread is started. `grace` is for what a killed supervisor left.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    adopt_orphans()
    reader, writer = os.pipe()
    # Held back until the handlers are there, or a signal in between would end the guard alone.
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
    """Never returns."""
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
    # Exit handlers are for the process that goes on, which has run them.
    os._exit(status if status >= 0 else 128 - status)


def _stop_without_guard(reader: int) -> None:
    # Nothing is ever written: the read ends when the guard does.
    os.read(reader, 1)
    os.kill(os.getpid(), signal.SIGTERM)
