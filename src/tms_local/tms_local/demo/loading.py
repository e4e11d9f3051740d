"""Loading of demo data by COPY into the tables, without notifications."""

import io
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice
from typing import Any

from sqlalchemy import Connection, exists, insert, select, text

from tms_core.bulk_loads import bulk_load
from tms_core.list_cache_version import announce
from tms_core.models import User
from tms_core.models.task import TASK
from tms_core.models.task_search import TASK_SEARCH
from tms_core.runtime import Runtime
from tms_core.services.passwords import hash_password
from tms_local.demo.history import can_have_histories, write_histories
from tms_local.demo.people import Person, people
from tms_local.demo.tasks import DemoTask, tasks
from tms_local.demo.team import team_tasks

PASSWORD = "password123"  # noqa: S105 - a documented demo password
CHUNK = 5_000
COPY = f"COPY task ({', '.join(DemoTask._fields)}) FROM STDIN"
SEARCH_INDEX = next(index for index in TASK_SEARCH.indexes if index.name == "ix_task_search_vector")
PREPARATION = (
    "SET LOCAL statement_timeout = 0",
    # Serialises concurrent loads, which would create the same users.
    "SELECT pg_advisory_xact_lock(7305310004)",
)


@dataclass(frozen=True, slots=True)
class Loaded:
    """The number of created users, the name of a user to sign in with, and the number of events."""

    new_users: int
    username: str
    events: int = 0


def load(
    runtime: Runtime,
    *,
    task_count: int,
    user_count: int,
    seed: int,
    midnight: datetime,
    history: bool = False,
    team: bool = False,
    progress: Callable[[int], None] = lambda done: None,
) -> Loaded:
    """Add `task_count` tasks of `user_count` demo users in one transaction; missing users are created.

    `history` also adds events, unless the event log has events already. `team` also adds the tasks of
    `tms_local.demo.team`, and makes the first user, if it is new, an administrator.
    """
    events = 0
    with bulk_load(runtime) as connection:
        for statement in PREPARATION:
            connection.execute(text(statement))
        with_history = history and can_have_histories(connection)
        persons, user_ids, new = _users(connection, user_count, with_administrator=team)
        with _search_index_last(connection):
            rows = tasks(task_count, user_ids, midnight=midnight, seed=seed)
            more = team_tasks(user_ids, midnight=midnight) if team else ()
            _copy(connection, chain(rows, more), progress)
        if with_history:
            events = write_histories(connection, seed=seed)
    # Invalidate cached lists.
    runtime.breaker.call(lambda: announce(runtime.direct_redis_long_timeout), None)
    _tidy(runtime)
    return Loaded(new, persons[0].username, events)


def _users(connection: Connection, number: int, *, with_administrator: bool) -> tuple[list[Person], list[int], int]:
    """Return the first demo users, their ids, and how many were created. User names of other accounts are skipped."""
    chosen: list[Person] = []
    known: dict[str, int] = {}
    candidates = people()
    while len(chosen) < number:
        block = list(islice(candidates, number))
        names = [person.username for person in block]
        found = connection.execute(
            # Locked against concurrent deletion of the accounts.
            select(User.username_key, User.email, User.id, User.is_active)
            .where(User.username_key.in_(names))
            .with_for_update(read=True, key_share=True)
        )
        # Tasks cannot be assigned to inactive accounts.
        taken = {row.username_key: (row.email if row.is_active else None, row.id) for row in found}
        for person in block:
            email, user_id = taken.get(person.username, (person.email, 0))
            if email == person.email:
                chosen.append(person)
                known |= {person.username: user_id} if user_id else {}
    del chosen[number:]
    missing = [person for person in chosen if person.username not in known]
    known |= _make(connection, missing, administrator=chosen[0] if with_administrator else None)
    return chosen, [known[person.username] for person in chosen], len(missing)


def _make(connection: Connection, persons: Sequence[Person], *, administrator: Person | None) -> dict[str, int]:
    if not persons:
        return {}
    # One hash for all users, since argon2 is slow.
    password_hash = hash_password(PASSWORD)
    rows = [
        {
            "username": person.username,
            "email": person.email,
            "first_name": person.first_name,
            "last_name": person.last_name,
            "password_hash": password_hash,
            "is_admin": person is administrator,
        }
        for person in persons
    ]
    made = connection.execute(insert(User).returning(User.username, User.id), rows)
    return {row.username: row.id for row in made}


def _copy(connection: Connection, rows: Iterator[DemoTask], progress: Callable[[int], None]) -> None:
    done = 0
    driver: Any = connection.connection.driver_connection
    # The next chunk is generated while PostgreSQL processes the previous one.
    with ThreadPoolExecutor(1) as ahead, driver.cursor() as cursor:
        following = ahead.submit(_lines, rows)
        while lines := following.result():
            following = ahead.submit(_lines, rows)
            cursor.copy_expert(COPY, io.StringIO("".join(lines)))
            done += len(lines)
            progress(done)


@contextmanager
def _search_index_last(connection: Connection) -> Iterator[None]:
    """Drop the search index of an empty table and create it at the end, which halves the time. If the table has tasks,
    the index is kept, since creating it would block readers."""
    if connection.scalar(select(exists().select_from(TASK))):
        yield
        return
    SEARCH_INDEX.drop(connection, checkfirst=True)
    yield
    SEARCH_INDEX.create(connection)


def _lines(rows: Iterator[DemoTask]) -> list[str]:
    return ["\t".join(map(_text, row)) + "\n" for row in islice(rows, CHUNK)]


def _text(value: Any) -> str:
    """Format a value for COPY. Demo texts contain no tabs or backslashes."""
    match value:
        case None:
            return r"\N"
        case datetime():
            return value.isoformat()
        case _:
            return str(value).replace("\n", r"\n")


def _tidy(runtime: Runtime) -> None:
    """Update the planner's statistics and the visibility map for index-only scans."""
    with runtime.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET statement_timeout = 0"))
        for table in ("users", "task", "task_search", "task_event"):
            connection.execute(text(f"VACUUM (ANALYZE) {table}"))
        connection.invalidate()
