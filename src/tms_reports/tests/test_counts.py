"""All work lists give the same result."""

from itertools import product

import pytest
from sqlalchemy import func, select, text

from tms_core.models import Priority, Status, Task
from tms_reports.counts import EVERY_ID, work_list
from tms_reports.id_ranges import id_ranges
from tms_reports.scan_figures import figures_of
from tms_reports.scans import Sizes
from tms_reports.threads import count_together

NAMES = ("cells", "assigned", "created", "due_soon", "overdue", "position")
SMALL = Sizes(tasks=-1, users=-1)
FEW_USERS = Sizes(tasks=2_000, users=3)
LARGE = Sizes(tasks=1_000_000, users=3_000)
VERY_LARGE = Sizes(tasks=1_000_000, users=3)
MANY_USERS = Sizes(tasks=1_000_000, users=900_000)


@pytest.fixture
def figures(scans, today):
    """The figures of a work list for tables of these sizes."""

    def count(sizes):
        with scans.open() as scan:
            counted = count_together(scan, work_list([], today=today, sizes=sizes), threads=2)
            found = figures_of(counted, scan.connection)
        return {name: _without_zero(getattr(found, name)) for name in NAMES}

    return count


def _without_zero(value):
    return {key: number for key, number in value.items() if number} if isinstance(value, dict) else value


def test_sliced_keyed_and_grouped_lists_give_the_same_result(figures, usernames, add_tasks):
    ids = list(usernames)
    add_tasks([
        {"created_by": ids[number % 2], "assigned_to": (None, *ids)[number % 4], "due": number - 8,
         "status": status, "priority": priority}
        for number, (status, priority) in enumerate(product(Status, Priority))
    ])  # fmt: skip

    grouped = figures(MANY_USERS)

    assert sum(grouped["cells"].values()) == sum(grouped["created"].values()) == 16
    assert [figures(sizes) for sizes in (SMALL, FEW_USERS, LARGE, VERY_LARGE)] == [grouped] * 4


def test_large_tables_are_counted_by_more_statements(today):
    lengths = [
        len(work_list([], today=today, sizes=sizes)) for sizes in (SMALL, FEW_USERS, LARGE, VERY_LARGE, MANY_USERS)
    ]

    assert lengths == [5, 5, 26, 18, 5]


def test_filtered_tasks_are_counted_by_groups(today):
    some = work_list([Task.status == Status.PENDING], today=today, sizes=LARGE)

    assert len(some) == 5


@pytest.mark.parametrize("ranges", [[EVERY_ID], [(None, 3), (3, 9), (9, None)]])
def test_passes_over_ranges_of_ids_give_the_same_figures_as_counts_by_dimension(
    scans, usernames, add_tasks, today, ranges
):
    ids = list(usernames)
    add_tasks([
        {"created_by": ids[number % 2], "assigned_to": (None, *ids)[number % 4], "due": number % 5 - 2,
         "status": status, "priority": priority}
        for number, (status, priority) in enumerate(product(Status, Priority))
    ])  # fmt: skip

    with scans.open() as scan:
        found = [
            figures_of(count_together(scan, counts, threads=2), scan.connection)
            for counts in (
                work_list([], today=today, sizes=SMALL),
                work_list([], today=today, sizes=SMALL, by_index=False, ranges=ranges),
            )
        ]

    by_dimension, by_pass = found
    assert {*by_pass.usernames.items()} == {*by_dimension.usernames.items()}
    by_pass.usernames = by_dimension.usernames
    assert by_pass == by_dimension
    assert (by_pass.due_soon, by_pass.overdue) == (2, 4)


def test_ranges_of_ids_have_about_as_many_tasks_each(runtime, scans, usernames, add_tasks):
    user = next(iter(usernames))
    add_tasks([{"created_by": user, "id": number} for number in (*range(1, 301), *range(1_000_000, 1_000_300))])
    with runtime.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE task"))

    with scans.open() as scan:
        ranges = id_ranges(scan.connection, 4)
        sizes = [scan.connection.scalar(select(func.count()).where(*_within(Task.id, ids))) for ids in ranges]

    assert len(ranges) == 4
    assert sum(sizes) == 600
    assert all(130 < size < 170 for size in sizes)


def _within(column, ids):
    first, end = ids
    return [column >= (first or 0), column < (end or 10**9)]
