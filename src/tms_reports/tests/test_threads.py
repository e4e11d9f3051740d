"""All threads see one snapshot despite concurrent commits, and connections are released after any error."""

import time

import pytest
from sqlalchemy import func, literal, select
from sqlalchemy.exc import DataError

from tms_core.models import Status
from tms_reports.counts import Count, work_list
from tms_reports.scans import Sizes
from tms_reports.threads import count_together

SIZES = (Sizes(tasks=-1, users=-1), Sizes(tasks=1_000_000, users=3_000), Sizes(tasks=1_000_000, users=3))


@pytest.fixture
def count(scans, today):
    """Counts all tasks in a new scan."""

    def count(*, sizes=SIZES[0], threads=2, **options):
        with scans.open() as scan:
            return count_together(scan, work_list([], today=today, sizes=sizes), threads=threads, **options)

    return count


def totals(counted) -> set[int]:
    names = {"cells", "created"} & counted.tallies.keys()
    return {sum(counted.tallies[name].values()) for name in names}


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("threads", [1, 2, 4])
def test_a_commit_between_two_counts_is_not_counted(count, usernames, add_tasks, create_task, sizes, threads):
    ann = next(iter(usernames))
    add_tasks([{"created_by": ann, "status": status, "due": 0} for status in Status])
    create_task()

    counted = count(sizes=sizes, threads=threads, progress=lambda done, total: create_task() if done == 1 else None)

    assert totals(counted) == {5}
    assert counted.snapshot.last_position == 1
    assert totals(count(sizes=sizes, threads=threads)) == {6}


def test_threads_that_join_after_a_commit_do_not_see_it(scans, create_task, today):
    create_task()

    with scans.open() as scan:
        create_task()
        counted = count_together(scan, work_list([], today=today, sizes=scan.snapshot.sizes), threads=4)

    assert totals(counted) == {1}
    assert counted.tallies["due_soon"][()] == 1
    assert counted.snapshot.last_position == 1


def test_an_error_in_a_count_cancels_the_others_and_releases_all_connections(scans, engine, count):
    slow = Count("created", select(literal("ann"), func.pg_sleep(20)))
    bad = Count("overdue", select(literal(1) / literal(0)))
    began = time.monotonic()

    with pytest.raises(DataError, match="division by zero"), scans.open() as scan:
        count_together(scan, [slow, slow, slow, bad], threads=4)

    assert time.monotonic() - began < 10
    assert engine.pool.checkedout() == 0
    assert count(threads=4).threads >= 1


def test_an_error_in_the_progress_callback_releases_all_connections(count, engine):
    def progress(done, total):
        raise LookupError("no terminal")

    with pytest.raises(LookupError, match="no terminal"):
        count(threads=3, progress=progress)

    assert engine.pool.checkedout() == 0


def test_progress_is_called_for_every_count(count):
    calls = []

    count(sizes=SIZES[1], threads=3, progress=lambda *numbers: calls.append(numbers))

    assert calls == [(done, 26) for done in range(1, 27)]


def test_fewer_threads_count_if_connections_are_in_use(scans, today):
    with scans.open() as scan, scan.join(), scan.join(), scan.join() as last:
        counted = count_together(scan, work_list([], today=today, sizes=SIZES[0]), threads=4)

    assert last is not None
    assert counted.threads == 1
