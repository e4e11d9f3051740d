"""The report service of a worker process, which keeps its connections from one job to the next."""

import os
from threading import Lock

from tms_core.runtime import Runtime
from tms_reports.services import ReportService, create_service

_lock = Lock()
_present: tuple[int, Runtime, ReportService] | None = None


def process_service(runtime: Runtime) -> ReportService:
    """Return the service of this process, created with the first job: a forked child must not use its parent's."""
    global _present
    with _lock:
        if _present and _present[0] == os.getpid():
            if _present[1] is runtime:
                return _present[2]
            _present[2].close()
        _present = (os.getpid(), runtime, create_service(runtime))
        return _present[2]
