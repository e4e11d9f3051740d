"""The directory in which the processes of one server share their metrics (prometheus_client's multiprocess mode)."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
PREFIX = "tms-metrics-"


@contextmanager
def shared_metrics() -> Iterator[None]:
    """Enable the multiprocess mode for child processes; must be entered before prometheus_client is imported."""
    if VARIABLE in os.environ:
        yield
        return
    _sweep(Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix=f"{PREFIX}{os.getpid()}-") as folder:
        os.environ[VARIABLE] = folder
        yield


def _sweep(folder: Path) -> None:
    """Remove the directories of killed servers."""
    for path in folder.glob(f"{PREFIX}*-*"):
        pid = path.name.removeprefix(PREFIX).partition("-")[0]
        if pid.isdigit() and not _lives(int(pid)):
            shutil.rmtree(path, ignore_errors=True)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
