"""Orphaned processes: on Linux this process can adopt and end them; elsewhere init adopts them."""

import ctypes
import os
import shutil
import signal
import sys
import time
from collections.abc import Collection, Sequence
from os import PathLike
from pathlib import Path

# prctl(2) of Linux: this process becomes the parent of orphaned descendants.
PR_SET_CHILD_SUBREAPER = 36
# prctl(2): a signal for this process when the thread that started it ends.
PR_SET_PDEATHSIG = 1
LINUX = sys.platform == "linux"


def adopt_orphans() -> None:
    if LINUX:
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def die_with_parent(number: signal.Signals) -> None:
    """Request a signal for this process when the thread that started it ends, even by `kill -9`."""
    if LINUX:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)


def dying_with_parent(argv: Sequence[str | PathLike[str]], number: signal.Signals) -> list[str | PathLike[str]]:
    """Return the argv that runs a program with the same request; without Linux's setpriv(1), `argv` unchanged.

    Not a `preexec_fn`: Python code between fork and exec may deadlock on a lock that another thread holds.
    """
    setpriv = shutil.which("setpriv") if LINUX else None
    # For a missing program, the error must name the program, not setpriv(1).
    if setpriv is None or shutil.which(argv[0]) is None:
        return [*argv]
    return [setpriv, "--pdeathsig", number.name.removeprefix("SIG"), "--", *argv]


def children() -> list[int]:
    """Return the ids of this process's children, including adopted ones and zombies; empty without /proc."""
    if not LINUX:
        return []
    own = os.getpid()
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and _parent(entry) == own]


def reap_adopted(known: Collection[int] = ()) -> None:
    """Reap exited children, except those in `known`."""
    if not LINUX:
        return
    for pid in children():
        if pid not in known:
            os.waitpid(pid, os.WNOHANG)


def end_children(grace: float) -> None:
    """Terminate every child and kill the remaining ones after `grace` seconds; repeat for their orphans until no child
    is left."""
    deadline = time.monotonic() + grace
    asked: set[int] = set()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    reap_adopted()
    while pids := children():
        left = deadline - time.monotonic()
        if left > 0:
            for pid in set(pids) - asked:
                os.kill(pid, signal.SIGTERM)
            asked.update(pids)
            signal.sigtimedwait({signal.SIGCHLD}, left)
        else:
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
        reap_adopted()
    signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _parent(process: Path) -> int | None:
    try:
        # The preceding process name, in brackets, may contain anything: 4242 (a ) name) S 1 …
        return int((process / "stat").read_bytes().rpartition(b")")[2].split()[1])
    except (OSError, IndexError):
        return None
