"""All work lists give the same result."""

from itertools import product

import pytest

from tms_core.models import Priority, Status, Task
from tms_reports.counts import work_list
from tms_reports.scans import Sizes
from tms_reports.threads import count_together

SMALL = Sizes(tasks=-1, users=-1)
FEW_USERS = Sizes(tasks=1_000, users=3)
LARGE = Sizes(tasks=1_000_000, users=3)
MANY_USERS = Sizes(tasks=1_000_000, users=900_000)


@pytest.fixture
def tally(scans, today):
    """The result of a work list for tables of these sizes, without zero counts."""

    def count(sizes):
        with scans.open() as scan:
            counted = count_together(scan, work_list([], today=today, sizes=sizes), threads=2)
        return {name: {key: n for key, n in found.items() if n} for name, found in counted.tallies.items()}

    return count


def test_sliced_keyed_and_grouped_lists_give_the_same_result(tally, usernames, add_tasks):
    ids = list(usernames)
    add_tasks([
        {"created_by": ids[number % 2], "assigned_to": (None, *ids)[number % 4], "due": number - 8,
         "status": status, "priority": priority}
        for number, (status, priority) in enumerate(product(Status, Priority))
    ])  # fmt: skip

    grouped = tally(MANY_USERS)

    assert sum(grouped["cells"].values()) == sum(grouped["created"].values()) == 16
    assert tally(SMALL) == tally(FEW_USERS) == tally(LARGE) == grouped


def test_large_tables_are_counted_by_more_statements(today):
    lengths = [len(work_list([], today=today, sizes=sizes)) for sizes in (SMALL, FEW_USERS, LARGE, MANY_USERS)]

    assert lengths == [5, 5, 17, 5]


def test_filtered_tasks_are_counted_by_groups(today):
    some = work_list([Task.status == Status.PENDING], today=today, sizes=LARGE)

    assert len(some) == 5
