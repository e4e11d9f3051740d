"""A task as plain values, as the database, the events and the answers have it."""

from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from tms_core.models import Priority, Status
from tms_core.values import instant


class TaskRow(NamedTuple):
    """The columns of `task`, in the table's order."""

    id: int
    title: str
    description: str
    priority: Priority
    status: Status
    due_date: date | None
    assigned_to: int | None
    created_by: int
    created_at: datetime
    updated_at: datetime
    version: int


def snapshot_of(task: TaskRow) -> dict[str, Any]:
    """A task as events keep it and as JSON has it (instants in UTC with a Z)."""
    return {
        **{name: as_json(value) for name, value in zip(TaskRow._fields, task, strict=True)},
        "created_at": instant(task.created_at),
        "updated_at": instant(task.updated_at),
    }


def as_json(value: Any) -> Any:
    """A field's value as events and answers have it."""
    match value:
        case Priority() | Status():
            return value.value
        case datetime():
            return instant(value)
        case date():
            return value.isoformat()
        case _:
            return value


def from_snapshot(snapshot: dict[str, Any]) -> TaskRow:
    """The task that a snapshot was taken of."""
    due = snapshot["due_date"]
    return TaskRow(
        **{
            **snapshot,
            "priority": Priority(snapshot["priority"]),
            "status": Status(snapshot["status"]),
            "due_date": date.fromisoformat(due) if due else None,
            "created_at": datetime.fromisoformat(snapshot["created_at"]),
            "updated_at": datetime.fromisoformat(snapshot["updated_at"]),
        }
    )


def after_change(task: TaskRow, changed: dict[str, Any]) -> TaskRow:
    """The task with the fields changed: a version later, updated now, or when the row was last written if this
    host's clock is behind the one that did."""
    return task._replace(**changed, version=task.version + 1, updated_at=max(datetime.now(UTC), task.updated_at))


def differences(before: TaskRow, after: TaskRow, names: Any) -> dict[str, list[Any]]:
    """{field: [old, new]} as JSON has it, for the named fields."""
    return {name: [as_json(getattr(before, name)), as_json(getattr(after, name))] for name in names}
