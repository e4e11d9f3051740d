"""Running several processes as one: started in stages, logged together, restarted, and ended without a rest."""

from tms_core.supervisor.log import MergedLog
from tms_core.supervisor.record import ProcessRecord
from tms_core.supervisor.specs import Backoff, ProcessSpec
from tms_core.supervisor.supervisor import Supervisor

__all__ = ["Backoff", "MergedLog", "ProcessRecord", "ProcessSpec", "Supervisor"]
