"""All threads see one snapshot despite concurrent commits, and connections are released after any error."""

import time
from contextlib import ExitStack

import pytest
from sqlalchemy import Engine, func, literal, select
from sqlalchemy.exc import DataError

from tms_core.db import create_database_engine
from tms_core.errors import UnavailableError
from tms_core.models import Status
from tms_core.permissions import Actor
from tms_core.services.tasks import TaskService
from tms_reports.counts import Count, Sizes, work_list
from tms_reports.snapshot import SnapshotPool
from tms_reports.threads import count_together

SIZE = 4
SIZES = (Sizes(tasks=-1, users=-1), Sizes(tasks=1_000_000, users=3))


@pytest.fixture
def engine(runtime):
    engine = create_database_engine(runtime.core, pool_size=SIZE)
    yield engine
    engine.dispose()


@pytest.fixture
def pool(engine) -> SnapshotPool:
    return SnapshotPool(engine, SIZE, max_wait=0.01)


@pytest.fixture
def create_task(runtime, usernames, relay_once, today):
    """Commits a task and an event with a position, as another process would."""

    def create():
        actor = Actor(next(iter(usernames)), is_admin=True)
        with runtime.transaction() as session:
            TaskService(session, actor, "team").create({"title": "meanwhile", "due_date": today})
        relay_once()

    return create


def checked_out(engine: Engine) -> int:
    return engine.pool.checkedout()


def free_connections(pool: SnapshotPool) -> int:
    """Return the number of connections that are free."""
    with pool.export() as (_, snapshot):
        return 1 + _joined(pool, snapshot)


def _joined(pool, snapshot) -> int:
    with pool.join(snapshot) as connection:
        return 0 if connection is None else 1 + _joined(pool, snapshot)


def totals(counted) -> set[int]:
    return {sum(counted.tallies[name].values()) for name in ("cells", "created")}


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("threads", [1, 2, 4])
def test_a_commit_between_two_counts_is_not_counted(pool, usernames, add_tasks, create_task, today, sizes, threads):
    ann = next(iter(usernames))
    add_tasks([{"created_by": ann, "status": status, "due": 0} for status in Status])
    create_task()

    counted = count_together(
        pool,
        lambda _: work_list([], today=today, sizes=sizes),
        threads=threads,
        progress=lambda done, total: create_task() if done == 1 else None,
    )

    assert totals(counted) == {5}
    assert counted.snapshot.last_position == 1
    assert totals(count_together(pool, lambda _: work_list([], today=today, sizes=sizes), threads=threads)) == {6}


def test_threads_that_join_after_a_commit_do_not_see_it(pool, create_task, today):
    create_task()

    def list_counts(snapshot):
        create_task()
        return work_list([], today=today, sizes=snapshot.sizes)

    counted = count_together(pool, list_counts, threads=4)

    assert totals(counted) == {1}
    assert counted.tallies["due_soon"][()] == 1
    assert counted.snapshot.last_position == 1


def test_an_error_in_a_count_cancels_the_others_and_releases_all_connections(pool, engine):
    slow = Count("created", select(literal("ann"), func.pg_sleep(20)))
    bad = Count("overdue", select(literal(1) / literal(0)))
    began = time.monotonic()

    with pytest.raises(DataError, match="division by zero"):
        count_together(pool, lambda _: [slow, slow, slow, bad], threads=4)

    assert time.monotonic() - began < 10
    assert checked_out(engine) == 0
    assert free_connections(pool) == SIZE


def test_a_snapshot_that_has_ended_gives_no_connection(pool, today):
    with pool.export() as (connection, snapshot):
        connection.rollback()

        with pool.join(snapshot) as another:
            assert another is None

    # Both are usable again.
    assert count_together(pool, lambda taken: work_list([], today=today, sizes=taken.sizes), threads=2).tallies


def test_an_error_in_the_progress_callback_releases_all_connections(pool, engine, today):
    def progress(done, total):
        raise LookupError("no terminal")

    with pytest.raises(LookupError, match="no terminal"):
        count_together(pool, lambda _: work_list([], today=today, sizes=SIZES[0]), threads=3, progress=progress)

    assert checked_out(engine) == 0
    assert free_connections(pool) == SIZE


def test_progress_is_called_for_every_count(pool, today):
    calls = []

    count_together(
        pool,
        lambda _: work_list([], today=today, sizes=SIZES[1]),
        threads=3,
        progress=lambda *numbers: calls.append(numbers),
    )

    assert calls == [(done, 17) for done in range(1, 18)]


def test_fewer_threads_count_if_connections_are_in_use(pool, today):
    with pool.export() as (_, snapshot), pool.join(snapshot), pool.join(snapshot):
        counted = count_together(pool, lambda _: work_list([], today=today, sizes=SIZES[0]), threads=4)

    assert counted.threads == 1


def test_a_report_without_a_free_connection_is_unavailable(pool):
    with ExitStack() as stack:
        _, snapshot = stack.enter_context(pool.export())
        for _ in range(SIZE - 1):
            stack.enter_context(pool.join(snapshot))
        with pytest.raises(UnavailableError, match="Try again"):
            count_together(pool, lambda _: [], threads=2)

    assert free_connections(pool) == SIZE


def test_a_report_cannot_write(pool):
    with pool.export() as (connection, _):
        read_only = connection.scalar(select(func.current_setting("transaction_read_only")))

    assert read_only == "on"
