"""The one place that writes tasks, and with each change its event."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Row, Select, delete, insert, select, update
from sqlalchemy.orm import Session

from tms_core.errors import ForbiddenError, InvalidError, NotFoundError, PreconditionFailedError
from tms_core.events import snapshot_of, write_event
from tms_core.models import EventKind, Priority, Status, TaskEvent, User
from tms_core.models.task import TASK
from tms_core.permissions import Actor, Verb, Visibility, may, visible_tasks

FIELDS = ("title", "description", "priority", "status", "due_date", "assigned_to", "created_by")
COLUMNS = tuple(TASK.c)
TaskRow = Row[Any]


@dataclass(frozen=True, slots=True)
class Expectation:
    """The version that the caller saw. `merge`: being behind is fine while none of its fields changed since."""

    version: int
    merge: bool


class TaskService:
    """Enforces who may do what; never commits. Tasks go out as plain rows of the table."""

    def __init__(self, session: Session, actor: Actor, visibility: Visibility):
        self._session = session
        self._actor = actor
        self._visibility = visibility

    def get(self, task_id: int) -> TaskRow:
        return self._one(self._visible(task_id))

    def create(self, values: Mapping[str, Any]) -> TaskRow:
        """A new task from `FIELDS`; `title` must be there, the creator is the actor where none is named."""
        creator = values.get("created_by", self._actor.id)
        if creator != self._actor.id:
            self._require("change_creator", created_by=self._actor.id, assigned_to=None)
            self._check_user("created_by", creator)
        if values.get("assigned_to") is not None:
            self._check_user("assigned_to", values["assigned_to"])
        row = self._session.execute(insert(TASK).values({**values, "created_by": creator}).returning(*COLUMNS)).one()
        self._write_event(EventKind.CREATED, row, {})
        return row

    def change(self, task_id: int, values: Mapping[str, Any], expected: Expectation | None = None) -> TaskRow:
        """Set the given fields. What equals the present state is no change; no change at all writes nothing."""
        row = self._locked(task_id)
        self._require("update", created_by=row.created_by, assigned_to=row.assigned_to)
        if expected and expected.version != row.version:
            self._reconcile(row, values, expected)
        changed = {name: value for name, value in values.items() if getattr(row, name) != value}
        if not changed:
            return row
        self._check_changes(row, changed)
        after = self._session.execute(
            update(TASK)
            .where(TASK.c.id == task_id)
            .values(**changed, version=row.version + 1, updated_at=_not_before(row.updated_at))
            .returning(*COLUMNS)
        ).one()
        self._write_event(EventKind.UPDATED, after, _differences(row, changed))
        return after

    def delete(self, task_id: int, expected: Expectation | None = None) -> None:
        row = self._locked(task_id)
        self._require("delete", created_by=row.created_by, assigned_to=row.assigned_to)
        if expected and expected.version != row.version:
            self._reconcile(row, {}, expected)
        self._session.execute(delete(TASK).where(TASK.c.id == task_id))
        self._write_event(EventKind.DELETED, row, {})

    def _visible(self, task_id: int) -> Select[Any]:
        statement = select(*COLUMNS).where(TASK.c.id == task_id)
        visible = visible_tasks(self._actor, self._visibility)
        return statement if visible is None else statement.where(visible)

    def _locked(self, task_id: int) -> TaskRow:
        # The lock is taken before the event's id: so the ids of one task's events follow its commits.
        return self._one(self._visible(task_id).with_for_update(key_share=True))

    def _one(self, statement: Select[Any]) -> TaskRow:
        row = self._session.execute(statement).one_or_none()
        if row is None:
            raise NotFoundError("There is no such task.")
        return row

    def _require(self, verb: Verb, *, created_by: int, assigned_to: int | None) -> None:
        if not may(self._actor, verb, created_by=created_by, assigned_to=assigned_to):
            raise ForbiddenError(REFUSALS[verb])

    def _check_changes(self, row: TaskRow, changed: Mapping[str, Any]) -> None:
        if "created_by" in changed:
            self._require("change_creator", created_by=row.created_by, assigned_to=row.assigned_to)
            self._check_user("created_by", changed["created_by"])
        if changed.get("assigned_to") is not None:
            self._check_user("assigned_to", changed["assigned_to"])

    def _check_user(self, field: str, user_id: int) -> None:
        # The lock makes one who is being deleted right now wait for this task, or this task for the deletion.
        found = self._session.scalar(
            select(User.id).where(User.id == user_id, User.is_active).with_for_update(read=True, key_share=True)
        )
        if found is None:
            raise InvalidError.of(field, f"there is no active user {user_id}")

    def _reconcile(self, row: TaskRow, values: Mapping[str, Any], expected: Expectation) -> None:
        """Raise `PreconditionFailedError` unless the caller's fields are untouched since its version."""
        base = self._fields_since(row, expected.version)
        touched = {
            name: {"base": base[name], "theirs": as_json(getattr(row, name)), "yours": as_json(values[name])}
            for name in values
            if name in base and as_json(getattr(row, name)) != as_json(values[name])
        }
        if expected.merge and 0 < expected.version < row.version and not touched:
            return
        raise PreconditionFailedError(
            f"The task is at version {row.version}, not {expected.version}.", snapshot_of(row), touched
        )

    def _fields_since(self, row: TaskRow, version: int) -> dict[str, Any]:
        """The fields that changed after `version`, each with its value at that version."""
        events = self._session.scalars(
            select(TaskEvent.changes)
            .where(TaskEvent.task_id == row.id, TaskEvent.snapshot["version"].as_integer() > version)
            .order_by(TaskEvent.id.desc())
        )
        # The oldest change comes last, and what it changed from is the base.
        return {name: old for changes in events for name, (old, _new) in changes.items()}

    def _write_event(self, kind: EventKind, row: TaskRow, changes: dict[str, list[Any]]) -> None:
        write_event(self._session, kind=kind, actor_id=self._actor.id, snapshot=snapshot_of(row), changes=changes)


REFUSALS: dict[Verb, str] = {
    "update": "Only its creator, its assignee or an administrator may change a task.",
    "delete": "Only its creator or an administrator may delete a task.",
    "change_creator": "Only an administrator may change who created a task.",
}


def _differences(row: TaskRow, changed: Mapping[str, Any]) -> dict[str, list[Any]]:
    return {name: [as_json(getattr(row, name)), as_json(value)] for name, value in changed.items()}


def as_json(value: Any) -> Any:
    """A field's value as events and answers have it."""
    match value:
        case Priority() | Status():
            return value.value
        case date():
            return value.isoformat()
        case _:
            return value


def _not_before(earlier: datetime) -> datetime:
    """Now, unless this host's clock is behind the one that wrote the row last."""
    return max(datetime.now(UTC), earlier)
