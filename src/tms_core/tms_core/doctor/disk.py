import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from tms_core.doctor.findings import Finding, bad, fine, warning
from tms_core.runtime import Runtime

MEBIBYTE = 1 << 20
BAD_BELOW = 100 * MEBIBYTE
WARNING_BELOW = 1024 * MEBIBYTE


def check_disk(runtime: Runtime) -> Iterator[Finding]:
    """Check the free space of the state directory, or of its closest existing parent."""
    state = runtime.core.state_dir.absolute()
    existing = next(path for path in (state, *state.parents) if path.exists())
    if not os.access(existing, os.W_OK):
        yield bad(f"{existing} cannot be written to", "give it to this user, or set tms.state_dir (TMS_STATE_DIR).")
        return
    yield judge_space(state, shutil.disk_usage(existing).free)


def judge_space(directory: Path, free: int) -> Finding:
    if free < BAD_BELOW:
        return bad(f"{free // MEBIBYTE} MiB are free for {directory}", "make room.")
    if free < WARNING_BELOW:
        return warning(f"only {free // MEBIBYTE} MiB are free for {directory}", "make room soon.")
    return fine(f"{free / 1024 / MEBIBYTE:.0f} GiB free for {directory}")
