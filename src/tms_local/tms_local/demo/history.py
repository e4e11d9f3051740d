"""Histories of demo tasks: plausible events between a task's creation and its current state."""

import random
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, NamedTuple

from sqlalchemy import Connection, exists, func, insert, select, text, update

from tms_core.event_log.leadership import LOCK
from tms_core.models import EventKind, Priority, RelayCursor, Status, TaskEvent
from tms_core.models.event import TASK_EVENT
from tms_core.models.task import TASK
from tms_core.services.task_state import TaskRow, differences, snapshot_of

# The previous statuses of a task by its status, latest first.
BEFORE = {
    Status.PENDING: (),
    Status.IN_PROGRESS: (Status.PENDING,),
    Status.COMPLETED: (Status.IN_PROGRESS, Status.PENDING),
    Status.ARCHIVED: (Status.COMPLETED, Status.IN_PROGRESS, Status.PENDING),
}


class DemoEvent(NamedTuple):
    """A row of `task_event` without the position; the fields are named like the columns."""

    task_id: int
    kind: EventKind
    actor_id: int
    changes: dict[str, list[Any]]
    snapshot: dict[str, Any]
    created_at: datetime


def can_have_histories(connection: Connection) -> bool:
    """Return whether the log is empty and no relay leads, which is required to write events with positions.

    Holds the leader's lock until the transaction ends.
    """
    leads = connection.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": LOCK})
    return bool(leads) and not connection.scalar(select(exists().select_from(TASK_EVENT)))


def write_histories(connection: Connection, *, seed: int) -> int:
    """Write the events of all tasks with positions and as delivered, so that no sink receives them; returns their
    number."""
    tasks = (TaskRow(*row) for row in connection.execute(select(*TASK.c[*TaskRow._fields]).order_by(TASK.c.id)))
    events = histories(tasks, seed=seed)
    if events:
        rows = [{**event._asdict(), "position": position} for position, event in enumerate(events, 1)]
        connection.execute(insert(TASK_EVENT), rows)
    connection.execute(
        update(RelayCursor).values(position=select(func.coalesce(func.max(TaskEvent.position), 0)).scalar_subquery())
    )
    return len(events)


def histories(tasks: Iterable[TaskRow], *, seed: int) -> list[DemoEvent]:
    """Return the events of all tasks in chronological order."""
    rng = random.Random(seed)  # noqa: S311 - not for secrets
    events = [event for task in tasks for event in _history(rng, task)]
    # The sort is stable, so the events of one task stay in order.
    return sorted(events, key=lambda event: event.created_at)


def _history(rng: random.Random, task: TaskRow) -> Iterator[DemoEvent]:
    states = _states(rng, task)
    first = states[0]
    yield DemoEvent(first.id, EventKind.CREATED, first.created_by, {}, snapshot_of(first), first.created_at)
    for before, after in pairwise(states):
        changes = {
            name: change
            for name, change in differences(before, after, TaskRow._fields).items()
            if change[0] != change[1] and name not in ("updated_at", "version")
        }
        actor = before.assigned_to or before.created_by
        yield DemoEvent(task.id, EventKind.UPDATED, actor, changes, snapshot_of(after), after.updated_at)


def _states(rng: random.Random, task: TaskRow) -> list[TaskRow]:
    """Return the states of a task in the order of its versions, computed backwards from the current state."""
    times = sorted(
        task.created_at + (task.updated_at - task.created_at) * rng.random() for _ in range(task.version - 2)
    )
    times = [task.created_at, *times]
    states = [task]
    for field, value in _undone(rng, task):
        after = states[-1]
        states.append(after._replace(**{field: value}, version=after.version - 1, updated_at=times[after.version - 2]))
    return states[::-1]


def _undone(rng: random.Random, task: TaskRow) -> Iterator[tuple[str, Any]]:
    """Yield the changed field and its previous value for each change, latest first."""
    number = task.version - 1
    statuses: Sequence[Status] = BEFORE[task.status]
    if number < len(statuses):
        statuses = (*statuses[: number - 1], Status.PENDING)[:number]
    others = _other_changes(rng, task, number - len(statuses))
    kinds = ["status"] * len(statuses) + ["other"] * len(others)
    rng.shuffle(kinds)
    left = {"status": iter([("status", status) for status in statuses]), "other": iter(others)}
    for kind in kinds:
        yield next(left[kind])


def _other_changes(rng: random.Random, task: TaskRow, number: int) -> list[tuple[str, Any]]:
    empty = {"description": "", "due_date": None, "assigned_to": None}
    found = [(field, value) for field, value in empty.items() if getattr(task, field) != value]
    rng.shuffle(found)
    del found[number:]
    priority = task.priority
    while len(found) < number:
        priority = rng.choice([other for other in Priority if other is not priority])
        found.append(("priority", priority))
    return found
