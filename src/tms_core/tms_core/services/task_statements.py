"""SQL for `SingleStatements` that writes one task and its event, under conditions; the result has a row if they hold.

Event ids are drawn for the rows that the writing of the task returns, so while its row is locked: the event ids of a
task are in the order of its commits.
"""

from functools import lru_cache

from tms_core.services.task_state import TaskRow

# Conditions on the account of the assignee.
IS_ACTIVE = "is_active"
IS_NOT_DELETED = "deleted_at IS NULL"
_HAS_ASSIGNEE = " AND EXISTS (SELECT FROM assignee)"
# Has a row if the actor is an active administrator.
ADMINISTRATOR = "SELECT 1 FROM users WHERE id = %(actor_id)s AND is_admin AND is_active"
_IS_ADMINISTRATOR = f" AND EXISTS ({ADMINISTRATOR})"
_COLUMNS = TaskRow._fields[1:]


@lru_cache
def create_statement(*, assignee: str = "") -> str:
    values = ", ".join(f"%({name})s" for name in _COLUMNS)
    source = f"{values} FROM assignee" if assignee else values
    task = f"task_written AS (INSERT INTO task ({', '.join(_COLUMNS)}) SELECT {source} RETURNING id)"
    snapshot = "CAST(%(snapshot)s AS jsonb) || jsonb_build_object('id', id)"
    return _with(task, assignee) + _event("created", "'{}'", snapshot)


@lru_cache
def update_statement(changed: tuple[str, ...], *, assignee: str = "", needs_role: bool) -> str:
    """Return the statement that sets the `changed` fields of a task."""
    columns = ", ".join(f"{name} = %({name})s" for name in (*changed, "updated_at", "version"))
    conditions = _conditions(assignee, needs_role=needs_role)
    task = f"task_written AS (UPDATE task SET {columns} {conditions} RETURNING id)"  # noqa: S608 - field names
    return _with(task, assignee) + _event("updated", "%(changes)s", "%(snapshot)s")


@lru_cache
def delete_statement(*, needs_role: bool) -> str:
    conditions = _conditions("", needs_role=needs_role)
    task = f"task_written AS (DELETE FROM task {conditions} RETURNING id)"  # noqa: S608 - constants
    return _with(task, "") + _event("deleted", "'{}'", "%(snapshot)s")


def _conditions(assignee: str, *, needs_role: bool) -> str:
    return (
        "WHERE id = %(task_id)s AND version = %(seen)s"
        + (_HAS_ASSIGNEE if assignee else "")
        + (_IS_ADMINISTRATOR if needs_role else "")
    )


def _with(task: str, assignee: str) -> str:
    """Return the WITH clause of a statement; `assignee` is a condition on the account that `assigned_to` names.

    The lock waits for a concurrent deactivation or deletion of the account, and makes later ones wait.
    """
    account = f"SELECT id FROM users WHERE id = %(assigned_to)s AND {assignee} FOR KEY SHARE"  # noqa: S608 - constants
    return f"WITH assignee AS ({account}), {task} " if assignee else f"WITH {task} "


def _event(kind: str, changes: str, snapshot: str) -> str:
    return (
        "INSERT INTO task_event (task_id, kind, actor_id, changes, snapshot) "  # noqa: S608 - constants
        f"SELECT id, '{kind}', %(actor_id)s, CAST({changes} AS jsonb), CAST({snapshot} AS jsonb) FROM task_written "
        "RETURNING task_id"
    )
