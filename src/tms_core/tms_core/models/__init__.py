"""The core's tables."""

from tms_core.models.account import AccountLink, LinkPurpose, PersonalToken
from tms_core.models.base import Base
from tms_core.models.event import EventKind, RelayCursor, TaskEvent
from tms_core.models.task import OPEN_STATUSES, Priority, Status, Task
from tms_core.models.task_search import TaskSearch
from tms_core.models.user import RefreshToken, User

__all__ = [
    "OPEN_STATUSES",
    "AccountLink",
    "Base",
    "EventKind",
    "LinkPurpose",
    "PersonalToken",
    "Priority",
    "RefreshToken",
    "RelayCursor",
    "Status",
    "Task",
    "TaskEvent",
    "TaskSearch",
    "User",
]
