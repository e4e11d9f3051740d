"""Processes whose parent died: on Linux they come to us, and can be ended. Elsewhere they go to init."""

import ctypes
import os
import shutil
import signal
import sys
import time
from collections.abc import Collection, Sequence
from os import PathLike
from pathlib import Path

# prctl(2) of Linux: descendants that lose their parent get this process as their new one.
PR_SET_CHILD_SUBREAPER = 36
# And: a signal for this process when the thread that started it ends.
PR_SET_PDEATHSIG = 1
LINUX = sys.platform == "linux"


def adopt_orphans() -> None:
    if LINUX:
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def die_with_parent(number: signal.Signals) -> None:
    """Have this process get a signal when the thread that started it is gone, be it by `kill -9`."""
    if LINUX:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)


def dying_with_parent(argv: Sequence[str | PathLike[str]], number: signal.Signals) -> list[str | PathLike[str]]:
    """The words to run a program by, for the same; where Linux's setpriv(1) is not there, it lives on.

    Not by a `preexec_fn`: Python that runs between fork and exec may wait for a lock that another thread held.
    """
    setpriv = shutil.which("setpriv") if LINUX else None
    # What cannot be run is refused by name only without setpriv(1) before it.
    if setpriv is None or shutil.which(argv[0]) is None:
        return [*argv]
    return [setpriv, "--pdeathsig", number.name.removeprefix("SIG"), "--", *argv]


def children() -> list[int]:
    """This process's children, the adopted ones and zombies too; empty where there is no /proc."""
    if not LINUX:
        return []
    own = os.getpid()
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and _parent(entry) == own]


def reap_adopted(known: Collection[int] = ()) -> None:
    """Take the status of dead children that nobody else waits for."""
    if not LINUX:
        return
    for pid in children():
        if pid not in known:
            os.waitpid(pid, os.WNOHANG)


def end_children(grace: float) -> None:
    """Ask every child to end, kill what has not after `grace` seconds; their orphans too, until none is left."""
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
        # The name before it, in brackets, may hold anything: 4242 (a ) name) S 1 …
        return int((process / "stat").read_bytes().rpartition(b")")[2].split()[1])
    except (OSError, IndexError):
        return None
