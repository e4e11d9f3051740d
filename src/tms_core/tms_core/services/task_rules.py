"""Rules for changes of tasks, as functions of plain values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tms_core import error_codes as codes
from tms_core.error_codes import ErrorCode
from tms_core.errors import ForbiddenError, PreconditionFailedError
from tms_core.models import OPEN_STATUSES, Priority, Status
from tms_core.permissions import Actor, Verb, may
from tms_core.services.task_state import TaskRow, as_json, snapshot_of

# The fields that callers can set.
FIELDS = ("title", "description", "priority", "status", "due_date", "assigned_to", "created_by")

DEFAULTS = {
    "description": "",
    "priority": Priority.MEDIUM,
    "status": Status.PENDING,
    "due_date": None,
    "assigned_to": None,
}

REFUSALS: dict[Verb, tuple[str, ErrorCode]] = {
    "update": (
        "Only its creator, its assignee or an administrator may change a task.",
        codes.TASK_UPDATE_FORBIDDEN,
    ),
    "delete": ("Only its creator or an administrator may delete a task.", codes.TASK_DELETE_FORBIDDEN),
    "change_creator": ("Only an administrator may change who created a task.", codes.ADMINISTRATOR_REQUIRED),
}


@dataclass(frozen=True, slots=True)
class Expectation:
    """The version that the caller expects; 0 matches no task. `alternatives` are further acceptable versions.

    With `merge`, an older version is accepted if no field of the request has changed since.
    """

    version: int
    merge: bool
    alternatives: frozenset[int] = frozenset()

    def is_met_by(self, version: int) -> bool:
        return version == self.version or version in self.alternatives


def require(actor: Actor, verb: Verb, *, created_by: int, assigned_to: int | None) -> None:
    """Raise `ForbiddenError` unless the actor may do this to a task with this creator and assignee."""
    if not may(actor, verb, created_by=created_by, assigned_to=assigned_to):
        raise ForbiddenError(*REFUSALS[verb])


def new_task(actor: Actor, values: Mapping[str, Any]) -> TaskRow:
    """Return the task to create, without an id; the creator defaults to the actor."""
    now = datetime.now(UTC)
    given = {"created_by": actor.id, **DEFAULTS, **values}
    return TaskRow(id=0, created_at=now, updated_at=now, version=1, **given)


def changed_fields(task: TaskRow, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that differ from those of the task."""
    return {name: value for name, value in values.items() if getattr(task, name) != value}


def reopens(task: TaskRow, changed: Mapping[str, Any]) -> bool:
    """Return whether the change reopens a finished task without setting its assignee."""
    return task.status not in OPEN_STATUSES and changed.get("status") in OPEN_STATUSES and "assigned_to" not in changed


def reconcile(
    task: TaskRow, values: Mapping[str, Any], expected: Expectation, since: Sequence[Mapping[str, Any]]
) -> None:
    """Raise `PreconditionFailedError` unless `merge` allows the values to be applied to the present version.

    `since` are the changes of the events after the expected version, newest first.
    """
    # The oldest change comes last; its old value is the base.
    base = {name: old for changes in since for name, (old, _new) in changes.items()}
    conflicts = {
        name: {"base": base[name], "theirs": as_json(getattr(task, name)), "yours": as_json(value)}
        for name, value in values.items()
        if name in base and getattr(task, name) != value
    }
    if expected.merge and 0 < expected.version < task.version and not conflicts:
        return
    other = f", not {expected.version}." if expected.version else ", and If-Match names no version of a task."
    message, code = f"The task is at version {task.version}{other}", codes.VERSION_CONFLICT
    raise PreconditionFailedError(message, snapshot_of(task), conflicts, code, version=task.version)
