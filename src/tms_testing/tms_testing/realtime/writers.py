"""Threads that change tasks through the service despite faults, and record the outcome of each write."""

import random
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from tms_core.errors import NotFoundError
from tms_core.models import Priority, Status
from tms_core.services.task_writing import TaskWriter
from tms_core.services.tasks import TaskService
from tms_testing.realtime.oracle import Event
from tms_testing.realtime.process import PATIENCE
from tms_testing.realtime.system import System

# Seconds between attempts while the database is down.
AWAY_PAUSE = 0.1
MAX_TASKS = 60
FIRST_DAY = date(2030, 1, 1)
DAYS = 30


@dataclass
class Outcomes:
    """The outcome of writes, by number. A write stores its number as the task's title; a deletion counts by task."""

    committed: set[int] = field(default_factory=set)
    failed: set[int] = field(default_factory=set)
    # The response to the commit was lost.
    unknown: set[int] = field(default_factory=set)
    deleted: set[int] = field(default_factory=set)

    def faults(self, events: Sequence[Event]) -> list[str]:
        """Return the contradictions between the outcomes and the log since the first write."""
        numbers = [int(event.snapshot["title"]) for event in events if event.kind != "deleted"]
        deletions = [event.task_id for event in events if event.kind == "deleted"]
        found = set(numbers)
        return [
            *(f"write {number} was committed and is not in the log" for number in self.committed - found),
            *(f"write {number} failed and is in the log" for number in self.failed & found),
            *(f"write {number} is in the log but was never made" for number in found - self.committed - self.unknown),
            *(f"task {task_id} was deleted without an event" for task_id in self.deleted - set(deletions)),
            *(["a write is in the log twice"] if len(numbers) > len(found) else []),
            *(["a deletion is in the log twice"] if len(deletions) > len(set(deletions)) else []),
        ]


class Writers:
    """Writes from `start` to `stop`."""

    def __init__(self, system: System, *, threads: int, pause: float, at_once: int, seed: int):
        """`pause` is the maximum between transactions of a thread, each of which has at most `at_once` writes."""
        self.outcomes = Outcomes()
        self._system = system
        self._pause = pause
        self._at_once = at_once
        self._seed = seed
        self._tasks: list[int] = []
        self._changed = threading.Condition()
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(n,), name=f"writer{n}", daemon=True) for n in range(threads)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join(PATIENCE)
            assert not thread.is_alive(), f"{thread.name} does not end"

    def await_commits(self, count: int) -> int:
        """Wait for `count` more commits; return the number of a write that is later than all of them."""
        self._await(lambda: len(self.outcomes.committed), count)
        return next(self._system.numbers)

    def await_failures(self, count: int) -> None:
        """Wait for `count` more failures."""
        self._await(lambda: len(self.outcomes.failed) + len(self.outcomes.unknown), count)

    def write_at_once(self, count: int) -> int:
        """Create `count` tasks in one transaction, as soon as the database is up; return the number of the last one."""
        rng = self._random("at once")
        deadline = time.monotonic() + PATIENCE
        while True:
            assert time.monotonic() < deadline, "the database is still down"
            numbers = [next(self._system.numbers) for _ in range(count)]
            self._write(numbers, lambda session: self._create(session, rng, numbers))  # noqa: B023 - called at once
            if numbers[-1] in self.outcomes.committed:
                return numbers[-1]

    def _await(self, counted: Callable[[], int], count: int) -> None:
        with self._changed:
            enough = counted() + count
            assert self._changed.wait_for(lambda: counted() >= enough, PATIENCE), "the writers make no progress"

    def _run(self, n: int) -> None:
        rng = self._random(n)
        # Transactions with several task locks in random order would deadlock, so threads do not share tasks then.
        tasks = self._tasks if self._at_once == 1 else []
        while not self._stopped.is_set():
            numbers = [next(self._system.numbers) for _ in range(rng.randint(1, self._at_once))]
            is_there = self._write(numbers, lambda session: self._act(session, tasks, rng, numbers))  # noqa: B023
            self._stopped.wait(rng.uniform(0, self._pause) if is_there else AWAY_PAUSE)

    def _write(self, numbers: Sequence[int], act: Callable[[Session], dict[int, int]]) -> bool:
        """Run `act` in a transaction; return whether the database was up.

        `act` returns the task ids of deletions by write number.
        """
        outcome = self.outcomes.failed
        deleted: dict[int, int] = {}
        try:
            with self._system.runtime.transaction() as session:
                deleted = act(session)
                # An error during the commit does not tell whether the transaction was committed.
                outcome = self.outcomes.unknown
            outcome = self.outcomes.committed
        except NotFoundError:
            return True
        except SQLAlchemyError:
            return False
        finally:
            with self._changed:
                outcome.update(set(numbers) - deleted.keys())
                if outcome is self.outcomes.committed:
                    self.outcomes.deleted.update(deleted.values())
                self._changed.notify_all()
        return True

    def _act(self, session: Session, tasks: list[int], rng: random.Random, numbers: Sequence[int]) -> dict[int, int]:
        deleted = {}
        for number in numbers:
            if not tasks or rng.random() < 0.2:
                tasks.append(self._service(session).create(self._values(rng, number)).id)
                continue
            task_id = rng.choice(tasks)
            try:
                if self._change(session, rng, task_id, number, deletes=len(tasks) > MAX_TASKS or rng.random() < 0.1):
                    continue
            except NotFoundError:
                # The task was deleted by another thread, or its creation failed.
                _forget(tasks, task_id)
                raise
            _forget(tasks, task_id)
            deleted[number] = task_id
        return deleted

    def _change(self, session: Session, rng: random.Random, task_id: int, number: int, *, deletes: bool) -> bool:
        """Change or delete a task; return whether it still exists."""
        if deletes:
            self._service(session).delete(task_id)
            return False
        some = {name: value for name, value in self._fields(rng).items() if rng.random() < 0.4}
        self._service(session).change(task_id, {"title": f"{number}", **some})
        return True

    def _create(self, session: Session, rng: random.Random, numbers: Sequence[int]) -> dict[int, int]:
        service = self._service(session)
        drafts = [service.decisions.draft(self._values(rng, number)) for number in numbers]
        TaskWriter(session, self._system.admin.id).create(drafts)
        return {}

    def _service(self, session: Session) -> TaskService:
        return TaskService(session, self._system.admin.actor, "private")

    def _values(self, rng: random.Random, number: int) -> dict[str, Any]:
        creator = rng.choice([user.id for user in self._system.users.values()])
        return {"title": f"{number}", "created_by": creator, **self._fields(rng)}

    def _fields(self, rng: random.Random) -> dict[str, Any]:
        users = self._system.users
        return {
            "priority": rng.choice(list(Priority)),
            "status": rng.choice(list(Status)),
            "due_date": rng.choice([None, FIRST_DAY + timedelta(days=rng.randrange(DAYS))]),
            # bob is never assigned a task, so he always sees all that he created.
            "assigned_to": rng.choice([None, users["admin"].id, users["ann"].id]),
            "description": rng.choice(["", "x" * rng.randrange(2000)]),
        }

    def _random(self, name: object) -> random.Random:
        return random.Random(f"{self._seed} {name}")


def _forget(tasks: list[int], task_id: int) -> None:
    with suppress(ValueError):
        tasks.remove(task_id)
