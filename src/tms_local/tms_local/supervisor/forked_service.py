"""Makes a forked process start and exit like one that was started as `tms COMMAND`."""

import atexit
import ctypes
import os
import random
import signal
import sys
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from typing import NoReturn

from tms_core.processes.orphans import die_with_parent

PR_SET_NAME = 15
ADOPTED_AT_LATEST = 5.0


def become_service(
    command: Sequence[str], env: Mapping[str, str], cwd: str | None, output: int, supervisor: int
) -> NoReturn:
    """Run a `tms` command as a child of `supervisor`, writing to `output`; never returns."""
    status = 1
    try:
        _detach(command, env, cwd, output)
        _await_adoption(supervisor)
        status = _run(command)
    except BaseException:  # noqa: BLE001 - the frames above belong to the fork server
        traceback.print_exc()
    finally:
        _end(status)


def _detach(command: Sequence[str], env: Mapping[str, str], cwd: str | None, output: int) -> None:
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    # The inherited locks, pipes and sockets belong to the parent processes.
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    os.environ.clear()
    os.environ.update(env)
    if cwd:
        os.chdir(cwd)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.set_wakeup_fd(-1)
    sys.argv = ["tms", *command]
    random.seed()
    ctypes.CDLL(None).prctl(PR_SET_NAME, f"tms {command[0]}".encode()[:15], 0, 0, 0)


def _await_adoption(supervisor: int) -> None:
    """Wait until the supervisor is the parent, then arrange for SIGTERM when the supervisor dies."""
    latest = time.monotonic() + ADOPTED_AT_LATEST
    while os.getppid() != supervisor and time.monotonic() < latest:
        time.sleep(0.001)
    die_with_parent(signal.SIGTERM)
    if os.getppid() != supervisor:
        raise RuntimeError("the supervisor has ended")


def _run(command: Sequence[str]) -> int:
    from tms_core.commands import main

    try:
        main(args=list(command), prog_name="tms")
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    return 0


def _end(status: int) -> NoReturn:
    """Exit like the interpreter, but without unwinding the frames of the parent processes."""
    try:
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status)
