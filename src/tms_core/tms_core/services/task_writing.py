"""SQL statements that write tasks together with their events, in one round trip for any number of tasks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from tms_core.event_log.events import WROTE_EVENTS
from tms_core.models import EventKind
from tms_core.services.task_state import TaskRow

# Rows are passed as one JSON document, so that the SQL text does not depend on their number.
_FIELDS = """title text, description text, priority task_priority, status task_status, due_date date,
    assigned_to bigint, created_by bigint, created_at timestamptz, updated_at timestamptz, version bigint"""
_COLUMNS = "title, description, priority, status, due_date, assigned_to, created_by, created_at, updated_at, version"
_EVENTS = """jsonb_to_recordset(CAST(:events AS jsonb))
    AS event (place bigint, task_id bigint, kind task_event_kind, changes jsonb, snapshot jsonb)"""
_ADD_EVENTS = f"""INSERT INTO task_event (task_id, kind, actor_id, changes, snapshot)
    SELECT task_id, kind, :actor_id, changes, snapshot FROM {_EVENTS} ORDER BY place"""

# Ids are assigned in the order of the rows, so the sorted ids correspond to the rows.
CREATE = text(f"""
    WITH given AS (
        SELECT nextval(pg_get_serial_sequence('task', 'id')) AS id, sorted.*
        FROM (SELECT place, snapshot, task.*
              FROM jsonb_array_elements(CAST(:rows AS jsonb)) WITH ORDINALITY AS given (snapshot, place)
              CROSS JOIN LATERAL jsonb_to_record(snapshot) AS task ({_FIELDS})
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
    """The content of an event: the task after it (for a deletion, its last state) and {field: [old, new]}."""

    kind: EventKind
    task: TaskRow
    changes: dict[str, list[Any]]


class TaskWriter:
    """Writes tasks and events in the caller's transaction.

    Rows to change must be locked before, so that the event ids of a task are in the order of its commits.
    """

    def __init__(self, session: Session, actor_id: int):
        self._session = session
        # Commands run without an account.
        self._actor_id = actor_id or None

    def create(self, tasks: Sequence[TaskRow]) -> list[TaskRow]:
        """Insert tasks and return them with their new ids."""
        ids = sorted(self._execute(CREATE, rows=[task._asdict() for task in tasks]).scalars())
        return [task._replace(id=task_id) for task, task_id in zip(tasks, ids, strict=True)]

    def restore(self, task: TaskRow, change: Change) -> None:
        """Insert a deleted task again, with its id."""
        self._execute(RESTORE, rows=[task._asdict()], events=_events([change]))

    def update(self, tasks: Sequence[TaskRow], changes: Sequence[Change]) -> None:
        """Update tasks to their new state; `changes` may have several per task."""
        self._execute(UPDATE, rows=[task._asdict() for task in tasks], events=_events(changes))

    def delete(self, tasks: Sequence[TaskRow]) -> None:
        changes = [Change(EventKind.DELETED, task, {}) for task in tasks]
        self._execute(DELETE, rows=[{"id": task.id} for task in tasks], events=_events(changes))

    def _execute(self, statement: Any, **documents: list[dict[str, Any]]) -> Any:
        # Tasks as in `snapshot_of`, which is slower.
        parameters = {name: orjson.dumps(rows, option=orjson.OPT_UTC_Z).decode() for name, rows in documents.items()}
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
            "snapshot": change.task._asdict(),
        }
        for place, change in enumerate(changes)
    ]
