"""A bulk request is equivalent to its operations one by one: same tasks, events and errors."""

from datetime import date
from random import Random
from typing import Any

import pytest
from sqlalchemy import func, select

from tms_core.errors import OperationError, PreconditionFailedError, TmsError
from tms_core.models import Priority, Status, User
from tms_core.models.event import TASK_EVENT
from tms_core.models.task import TASK
from tms_core.permissions import Actor
from tms_core.services.task_bulk import Creation, Deletion, Operation, TaskBulkService, Update
from tms_core.services.task_rules import Expectation
from tms_core.services.tasks import TaskService

TASKS = 3
# 1 creator, 2 assignee, 3 unrelated, 4 administrator, 5 deleted, 6 nonexistent.
CREATOR, ASSIGNEE, STRANGER, ADMIN, GONE, NOBODY = range(1, 7)

PEOPLE = [Actor(CREATOR), Actor(CREATOR), Actor(ASSIGNEE), Actor(STRANGER), Actor(ADMIN, is_admin=True)]
SEQUENCES = 40
FIELDS = {
    "title": ["a", "b", "c"],
    "status": list(Status),
    "priority": list(Priority),
    "due_date": [None, date(2025, 3, 1), date(2025, 3, 2)],
    "assigned_to": [None, CREATOR, ASSIGNEE, ASSIGNEE],
}


class RandomOperations(Random):
    """Generates random operations, most of them valid, since those after a failure are not executed."""

    def operations(self) -> list[Operation]:
        return [self.operation() for _ in range(self.randint(1, 8))]

    def operation(self) -> Operation:
        task_id = 2**40 if self.seldom() else self.randint(1, TASKS)
        match self.choice("uuuuuuuccd"):
            case "c":
                return Creation({"title": "new", **self.fields(self.randint(0, 4))})
            case "d":
                return Deletion(task_id, self.expectation(merge=False))
            case _:
                return Update(task_id, self.fields(self.choice([0, 1, 1, 1, 2, 5])), self.expectation(merge=True))

    def fields(self, number: int) -> dict[str, Any]:
        found = {name: self.choice(FIELDS[name]) for name in self.sample(list(FIELDS), number)}
        if self.seldom():
            found["assigned_to"] = self.choice([GONE, NOBODY])
        if self.seldom():
            found["created_by"] = self.choice([CREATOR, STRANGER, GONE])
        return found

    def expectation(self, *, merge: bool) -> Expectation | None:
        return Expectation(self.randint(1, 4), merge) if self.random() < 0.4 else None

    def seldom(self) -> bool:
        return self.random() < 0.03


@pytest.fixture
def tasks(runtime, make_user):
    """Three tasks that have each been changed once; the assignee of the last has been deleted."""
    for name in ("creator", "assignee", "stranger", "admin"):
        make_user(name)
    make_user("gone")
    with runtime.transaction() as session:
        service = TaskService(session, Actor(CREATOR), "team")
        done = ("status", Status.COMPLETED)
        for assignee, (field, value) in ((ASSIGNEE, ("title", "b")), (ASSIGNEE, done), (GONE, done)):
            task = service.create({"title": "a", "assigned_to": assignee})
            service.change(task.id, {field: value})
        gone = session.get_one(User, GONE)
        gone.is_active, gone.email, gone.deleted_at = False, None, func.now()


class Twin:
    """Executes operations from the same initial state and rolls them back."""

    def __init__(self, runtime, actor, visibility):
        self._runtime, self._actor, self._visibility = runtime, actor, visibility

    def one_by_one(self, wanted: list[Operation]) -> Any:
        def do(session):
            service = TaskService(session, self._actor, self._visibility)
            results = []
            for index, operation in enumerate(wanted):
                try:
                    results.append(_one(service, operation))
                except TmsError as error:
                    raise OperationError(index, error) from None
            return results

        return self._outcome(do)

    def in_bulk(self, wanted: list[Operation]) -> Any:
        return self._outcome(lambda session: TaskBulkService(session, self._actor, self._visibility).apply(wanted))

    def _outcome(self, do) -> Any:
        """Return the outcome as plain values, independent of timestamps and the id sequence."""
        with self._runtime.sessions() as session:
            last_event = session.scalar(select(func.max(TASK_EVENT.c.id)))
            try:
                results = do(session)
            except OperationError as error:
                return _refusal(error)
            rows = session.execute(select(TASK).order_by(TASK.c.id)).mappings().all()
            events = session.execute(
                select(TASK_EVENT).where(TASK_EVENT.c.id > last_event).order_by(TASK_EVENT.c.task_id, TASK_EVENT.c.id)
            ).all()
            session.rollback()
        created = {row["id"]: -place for place, row in enumerate(rows) if row["id"] > TASKS}
        return (
            [result and _plain(result._asdict(), created) for result in results],
            [_plain(row, created) for row in rows],
            [
                (created.get(one.task_id, one.task_id), one.kind, one.actor_id, one.changes,
                 _plain(one.snapshot, created))
                for one in events
            ],
        )  # fmt: skip


def _one(service: TaskService, operation: Operation) -> Any:
    match operation:
        case Creation(values):
            return service.create(values)
        case Update(task_id, values, expected):
            return service.change(task_id, values, expected)
        case Deletion(task_id, expected):
            return service.delete(task_id, expected)


def _plain(task: Any, created: dict[int, int]) -> dict[str, Any]:
    return {**task, "id": created.get(task["id"], task["id"]), "created_at": None, "updated_at": None}


def _refusal(error: OperationError) -> Any:
    what = error.error
    more = (_plain(what.current, {}), what.conflicts) if isinstance(what, PreconditionFailedError) else ()
    return error.index, type(what), str(what), more


@pytest.mark.parametrize("seed", range(8))
def test_a_bulk_request_equals_its_operations_one_by_one(runtime, tasks, seed):
    rng = RandomOperations(seed)

    for _ in range(SEQUENCES):
        wanted = rng.operations()
        twin = Twin(runtime, rng.choice(PEOPLE), rng.choice(["team", "private"]))

        assert twin.in_bulk(wanted) == twin.one_by_one(wanted), wanted
