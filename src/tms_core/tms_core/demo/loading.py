"""Loading demo data by COPY, straight into the tables, so that nobody is told of it."""

import io
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, exists, insert, select, text

from tms_core.demo.history import can_have_histories, write_histories
from tms_core.demo.people import Person, people
from tms_core.demo.tasks import DemoTask, tasks
from tms_core.list_cache_version import announce
from tms_core.models import User
from tms_core.models.task import TASK
from tms_core.runtime import Runtime
from tms_core.services.passwords import hash_password

PASSWORD = "password123"  # noqa: S105 - said openly, to look around with
CHUNK = 5_000
COPY = f"COPY task ({', '.join(DemoTask._fields)}) FROM STDIN"
SEARCH_INDEX = next(index for index in TASK.indexes if index.name == "ix_task_search")
PREPARATION = (
    "SET LOCAL statement_timeout = 0",
    # Two loads at once would make the same users.
    "SELECT pg_advisory_xact_lock(7305310004)",
)


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many users had to be made, one to sign in with, and how many events tell the tasks' histories."""

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
    progress: Callable[[int], None] = lambda done: None,
) -> Loaded:
    """Add tasks among so many demo users, who are found or made. All or nothing.

    `history` asks for events too, which only a system without any can have.
    """
    events = 0
    with runtime.engine.begin() as connection:
        for statement in PREPARATION:
            connection.execute(text(statement))
        with_history = history and can_have_histories(connection)
        persons, user_ids, new = _users(connection, user_count)
        with _search_index_last(connection):
            _copy(connection, tasks(task_count, user_ids, midnight=midnight, seed=seed), progress)
        if with_history:
            events = write_histories(connection, seed=seed)
    # Lists that were cached before do not have the new tasks.
    runtime.breaker.call(lambda: announce(runtime), None)
    _tidy(runtime)
    return Loaded(new, persons[0].username, events)


def _users(connection: Connection, number: int) -> tuple[list[Person], list[int], int]:
    """The first demo users, their ids, and how many of them had to be made. Names of others are left alone."""
    chosen: list[Person] = []
    known: dict[str, int] = {}
    candidates = people()
    while len(chosen) < number:
        block = list(islice(candidates, number))
        names = [person.username for person in block]
        found = connection.execute(
            # Waits for whoever is just being deleted, and has the deletion wait for the tasks.
            select(User.username_key, User.email, User.id, User.is_active)
            .where(User.username_key.in_(names))
            .with_for_update(read=True, key_share=True)
        )
        # Nothing is assigned to an account that is not active, here as everywhere.
        taken = {row.username_key: (row.email if row.is_active else None, row.id) for row in found}
        for person in block:
            email, user_id = taken.get(person.username, (person.email, 0))
            if email == person.email:
                chosen.append(person)
                known |= {person.username: user_id} if user_id else {}
    del chosen[number:]
    missing = [person for person in chosen if person.username not in known]
    known |= _make(connection, missing)
    return chosen, [known[person.username] for person in chosen], len(missing)


def _make(connection: Connection, persons: Sequence[Person]) -> dict[str, int]:
    if not persons:
        return {}
    # One hash for all: argon2 is slow on purpose.
    password_hash = hash_password(PASSWORD)
    rows = [
        {
            "username": person.username,
            "email": person.email,
            "first_name": person.first_name,
            "last_name": person.last_name,
            "password_hash": password_hash,
        }
        for person in persons
    ]
    made = connection.execute(insert(User).returning(User.username, User.id), rows)
    return {row.username: row.id for row in made}


def _copy(connection: Connection, rows: Iterator[DemoTask], progress: Callable[[int], None]) -> None:
    done = 0
    driver: Any = connection.connection.driver_connection
    # The next lines are written while PostgreSQL takes the last ones.
    with ThreadPoolExecutor(1) as ahead, driver.cursor() as cursor:
        following = ahead.submit(_lines, rows)
        while lines := following.result():
            following = ahead.submit(_lines, rows)
            cursor.copy_expert(COPY, io.StringIO("".join(lines)))
            done += len(lines)
            progress(done)


@contextmanager
def _search_index_last(connection: Connection) -> Iterator[None]:
    """Build the search index of a table that is empty yet in one go at the end: half the time. Where there are
    tasks already it stays, since whoever reads them would have to wait."""
    if connection.scalar(select(exists().select_from(TASK))):
        yield
        return
    SEARCH_INDEX.drop(connection, checkfirst=True)
    yield
    SEARCH_INDEX.create(connection)


def _lines(rows: Iterator[DemoTask]) -> list[str]:
    return ["\t".join(map(_text, row)) + "\n" for row in islice(rows, CHUNK)]


def _text(value: Any) -> str:
    """A value as COPY reads it. The demo's words have no tab, line break or backslash."""
    match value:
        case None:
            return r"\N"
        case datetime():
            return value.isoformat()
        case _:
            return str(value)


def _tidy(runtime: Runtime) -> None:
    """Let the planner know the new rows, and index-only scans trust their pages."""
    with runtime.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET statement_timeout = 0"))
        for table in ("users", "task", "task_event"):
            connection.execute(text(f"VACUUM (ANALYZE) {table}"))
        connection.invalidate()
