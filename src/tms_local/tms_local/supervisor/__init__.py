"""A process supervisor: starts processes in stages, merges their logs, restarts them, and stops all of them."""

from tms_local.supervisor.log import MergedLog
from tms_local.supervisor.record import ProcessRecord
from tms_local.supervisor.specs import Backoff, ProcessSpec
from tms_local.supervisor.supervisor import Supervisor

__all__ = ["Backoff", "MergedLog", "ProcessRecord", "ProcessSpec", "Supervisor"]
