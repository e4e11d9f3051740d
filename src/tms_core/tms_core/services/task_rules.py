"""What a change of a task must keep to, decided on plain values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tms_core.errors import ForbiddenError, PreconditionFailedError
from tms_core.models import Status
from tms_core.permissions import Actor, Verb, may
from tms_core.services.task_state import TaskRow, as_json, snapshot_of

# What a caller may set.
FIELDS = ("title", "description", "priority", "status", "due_date", "assigned_to", "created_by")

# What is still to be done.
OPEN = frozenset({Status.PENDING, Status.IN_PROGRESS})

REFUSALS: dict[Verb, str] = {
    "update": "Only its creator, its assignee or an administrator may change a task.",
    "delete": "Only its creator or an administrator may delete a task.",
    "change_creator": "Only an administrator may change who created a task.",
}


@dataclass(frozen=True, slots=True)
class Expectation:
    """The version that the caller saw, 0 for one that no task has. `merge`: being behind is fine while none of its
    fields changed since. `alternatives` are further versions that will do."""

    version: int
    merge: bool
    alternatives: frozenset[int] = frozenset()

    def is_met_by(self, version: int) -> bool:
        return version == self.version or version in self.alternatives


def require(actor: Actor, verb: Verb, *, created_by: int, assigned_to: int | None) -> None:
    """Raise `ForbiddenError` unless the actor may do this to a task with this creator and assignee."""
    if not may(actor, verb, created_by=created_by, assigned_to=assigned_to):
        raise ForbiddenError(REFUSALS[verb])


def changed_fields(task: TaskRow, values: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the values that are not the task's present ones."""
    return {name: value for name, value in values.items() if getattr(task, name) != value}


def reopens(task: TaskRow, changed: Mapping[str, Any]) -> bool:
    """Whether the change opens a task that was done, without a word on its assignee."""
    return task.status not in OPEN and changed.get("status") in OPEN and "assigned_to" not in changed


def reconcile(
    task: TaskRow, values: Mapping[str, Any], expected: Expectation, since: Sequence[Mapping[str, Any]]
) -> None:
    """Raise `PreconditionFailedError` unless the caller's fields are untouched since the version that it saw.

    `since` are the changes of the events after that version, newest first.
    """
    # The oldest change comes last, and what it changed from is the base.
    base = {name: old for changes in since for name, (old, _new) in changes.items()}
    conflicts = {
        name: {"base": base[name], "theirs": as_json(getattr(task, name)), "yours": as_json(value)}
        for name, value in values.items()
        if name in base and getattr(task, name) != value
    }
    if expected.merge and 0 < expected.version < task.version and not conflicts:
        return
    other = f", not {expected.version}." if expected.version else ", and If-Match names no version of a task."
    raise PreconditionFailedError(f"The task is at version {task.version}{other}", snapshot_of(task), conflicts)
