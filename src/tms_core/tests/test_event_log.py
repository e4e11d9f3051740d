import pytest
from sqlalchemy import func, select

from tms_core.event_log.events import last_position, read_events
from tms_core.models import Task, TaskEvent
from tms_core.services.tasks import TaskService


@pytest.fixture(scope="module")
def packages():
    return ()


@pytest.fixture
def tasks_of(make_user):
    """Return the task service in a session, always for the same user."""
    actor = make_user().actor
    return lambda session: TaskService(session, actor, "team")


@pytest.fixture
def rows(runtime):
    """Return the number of tasks and of events visible to another connection."""

    def count() -> tuple[int, int]:
        with runtime.transaction() as session:
            return tuple(session.scalar(select(func.count()).select_from(table)) for table in (Task, TaskEvent))

    return count


def test_a_task_and_its_event_become_visible_together(runtime, tasks_of, rows):
    with runtime.transaction() as session:
        tasks_of(session).create({"title": "T"})
        session.flush()
        assert rows() == (0, 0)

    assert rows() == (1, 1)


@pytest.fixture
def fail_after(runtime):
    """Do some work in a transaction that fails at its end."""

    def work_and_fail(work) -> None:
        with runtime.transaction() as session:
            work(session)
            raise RuntimeError("after the work")

    def run(work) -> None:
        with pytest.raises(RuntimeError):
            work_and_fail(work)

    return run


def test_a_rollback_leaves_neither_task_nor_event(fail_after, tasks_of, rows):
    fail_after(lambda session: tasks_of(session).create({"title": "T"}))

    assert rows() == (0, 0)


def test_a_change_that_is_rolled_back_leaves_the_task_as_it_was(runtime, fail_after, tasks_of, rows):
    with runtime.transaction() as session:
        before = tasks_of(session).create({"title": "T"})

    fail_after(lambda session: tasks_of(session).change(before.id, {"title": "U"}))
    fail_after(lambda session: tasks_of(session).delete(before.id))

    assert rows() == (1, 1)
    with runtime.transaction() as session:
        assert tasks_of(session).decisions.locked(before.id) == before


def test_events_are_read_in_order_after_a_position(runtime, tasks_of, relay_once):
    for title in "abcd":
        with runtime.transaction() as session:
            tasks_of(session).create({"title": title})
    relay_once()

    with runtime.transaction() as session:
        read = [(event.position, event.snapshot["title"]) for event in read_events(session, after=1, limit=2)]
        assert read == [(2, "b"), (3, "c")]
        assert last_position(session) == 4


def test_an_event_without_a_position_is_not_read(runtime, tasks_of):
    with runtime.transaction() as session:
        tasks_of(session).create({"title": "T"})

    with runtime.transaction() as session:
        assert read_events(session, after=0, limit=10) == []
        assert last_position(session) == 0


def test_the_time_of_a_change_never_goes_back(runtime, tasks_of):
    with runtime.transaction() as session:
        task = tasks_of(session).create({"title": "T"})
        # As if written by a host with a fast clock.
        session.execute(Task.__table__.update().values(updated_at=func.now() + func.make_interval(0, 0, 0, 1)))

    with runtime.transaction() as session:
        ahead = tasks_of(session).decisions.locked(task.id).updated_at
        assert tasks_of(session).change(task.id, {"title": "U"}).updated_at == ahead
