"""The statements that write tasks, each together with the events of what it writes: one round trip, however many."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from tms_core.events import WROTE_EVENTS
from tms_core.models import EventKind
from tms_core.services.task_state import TaskRow, snapshot_of

# Rows travel as one JSON document, so that one prepared text serves any number of them.
_FIELDS = """title text, description text, priority task_priority, status task_status, due_date date,
    assigned_to bigint, created_by bigint, created_at timestamptz, updated_at timestamptz, version bigint"""
_COLUMNS = "title, description, priority, status, due_date, assigned_to, created_by, created_at, updated_at, version"
_EVENTS = """jsonb_to_recordset(CAST(:events AS jsonb))
    AS event (place bigint, task_id bigint, kind task_event_kind, changes jsonb, snapshot jsonb)"""
_ADD_EVENTS = f"""INSERT INTO task_event (task_id, kind, actor_id, changes, snapshot)
    SELECT task_id, kind, :actor_id, changes, snapshot FROM {_EVENTS} ORDER BY place"""

# The ids are drawn in the order of the rows, so sorting them tells which row got which.
CREATE = text(f"""
    WITH given AS (
        SELECT nextval(pg_get_serial_sequence('task', 'id')) AS id, sorted.*
        FROM (SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS task (place bigint, {_FIELDS}, snapshot jsonb)
              ORDER BY place) AS sorted
    ), made AS (
        INSERT INTO task (id, {_COLUMNS}) SELECT id, {_COLUMNS} FROM given
    )
    INSERT INTO task_event (task_id, kind, actor_id, changes, snapshot)
    SELECT id, 'created', :actor_id, '{{}}', snapshot || jsonb_build_object('id', id) FROM given ORDER BY place
    RETURNING task_id
""")
RESTORE = text(f"""
    WITH made AS (
        INSERT INTO task (id, {_COLUMNS})
        SELECT id, {_COLUMNS} FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS task (id bigint, {_FIELDS})
    )
    {_ADD_EVENTS}
""")
UPDATE = text(f"""
    WITH changed AS (
        UPDATE task SET ({_COLUMNS}) = ROW(
            given.title, given.description, given.priority, given.status, given.due_date, given.assigned_to,
            given.created_by, given.created_at, given.updated_at, given.version
        )
        FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS given (id bigint, {_FIELDS})
        WHERE task.id = given.id
    )
    {_ADD_EVENTS}
""")
DELETE = text(f"""
    WITH gone AS (
        DELETE FROM task WHERE id IN (SELECT id FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS task (id bigint))
    )
    {_ADD_EVENTS}
""")


@dataclass(frozen=True, slots=True)
class Change:
    """What an event tells: the task after it (a deleted one: as it last was), and {field: [old, new]}."""

    kind: EventKind
    task: TaskRow
    changes: dict[str, list[Any]]


class TaskWriter:
    """Writes into the caller's transaction. The rows that it changes must be locked by then, so that the ids of one
    task's events follow its commits."""

    def __init__(self, session: Session, actor_id: int):
        self._session = session
        # The operator of the command line has no account.
        self._actor_id = actor_id or None

    def create(self, tasks: Sequence[TaskRow]) -> list[TaskRow]:
        """Add tasks, whose ids are not yet known; returns them with their ids."""
        rows = [
            {**(snapshot := snapshot_of(task)), "place": place, "snapshot": snapshot}
            for place, task in enumerate(tasks)
        ]
        ids = sorted(self._execute(CREATE, rows=rows).scalars())
        return [task._replace(id=task_id) for task, task_id in zip(tasks, ids, strict=True)]

    def restore(self, task: TaskRow, change: Change) -> None:
        """Bring a deleted task back under its id."""
        self._execute(RESTORE, rows=[snapshot_of(task)], events=_events([change]))

    def update(self, tasks: Sequence[TaskRow], changes: Sequence[Change]) -> None:
        """Bring tasks to their new state; a task may have gone through several changes."""
        self._execute(UPDATE, rows=[snapshot_of(task) for task in tasks], events=_events(changes))

    def delete(self, tasks: Sequence[TaskRow]) -> None:
        changes = [Change(EventKind.DELETED, task, {}) for task in tasks]
        self._execute(DELETE, rows=[{"id": task.id} for task in tasks], events=_events(changes))

    def _execute(self, statement: Any, **documents: list[dict[str, Any]]) -> Any:
        parameters = {name: orjson.dumps(document).decode() for name, document in documents.items()}
        result = self._session.execute(statement, {**parameters, "actor_id": self._actor_id})
        self._session.info[WROTE_EVENTS] = True
        return result


def _events(changes: Sequence[Change]) -> list[dict[str, Any]]:
    return [
        {
            "place": place,
            "task_id": change.task.id,
            "kind": change.kind.value,
            "changes": change.changes,
            "snapshot": snapshot_of(change.task),
        }
        for place, change in enumerate(changes)
    ]
