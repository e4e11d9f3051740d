"""A process supervisor: starts processes in stages, merges their logs, restarts them, and stops all of them."""

from tms_core.supervisor.log import MergedLog
from tms_core.supervisor.record import ProcessRecord
from tms_core.supervisor.specs import Backoff, ProcessSpec
from tms_core.supervisor.supervisor import Supervisor

__all__ = ["Backoff", "MergedLog", "ProcessRecord", "ProcessSpec", "Supervisor"]
