"""Which events a webhook gets, against a naive oracle."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from tms_core.event_log.events import TaskEventRecord
from tms_core.models import EventKind, Priority, Status
from tms_core.permissions import Actor
from tms_webhooks.matching import Subscription, task_filter

OWNER = 2
USERS = (1, OWNER, 3)
FIELDS = {
    "status": st.sampled_from([*Status]),
    "priority": st.sampled_from([*Priority]),
    "assigned_to": st.sampled_from([None, *USERS]),
    "created_by": st.sampled_from(USERS),
}
tasks = st.fixed_dictionaries({name: values.map(lambda one: one) for name, values in FIELDS.items()})
people = st.lists(st.sampled_from(["me", "none", *USERS]), max_size=3)
filters = st.fixed_dictionaries(
    {},
    optional={
        "status": st.lists(st.sampled_from([*Status]), max_size=2),
        "priority": st.lists(st.sampled_from([*Priority]), max_size=2),
        "assigned_to": people,
        "created_by": people,
    },
)


def matches(values, task):
    meanings = {"me": OWNER, "none": None}
    return all(
        not wanted or task[name] in {meanings.get(one, one) for one in wanted} for name, wanted in values.items()
    )


def event_of(kind, before, after):
    changes = {name: [before[name], after[name]] for name in after if before[name] != after[name]}
    changes = changes if kind is EventKind.UPDATED else {}
    return TaskEventRecord(1, 1, kind, 1, changes, after, datetime(2027, 3, 1, tzinfo=UTC))


@given(
    kinds=st.sets(st.sampled_from([*EventKind]), min_size=1),
    values=filters,
    kind=st.sampled_from([*EventKind]),
    before=tasks,
    after=tasks,
    is_admin=st.booleans(),
    visibility=st.sampled_from(["team", "private"]),
)
def test_a_webhook_gets_what_it_asks_for_and_its_owner_may_see(
    kinds, values, kind, before, after, is_admin, visibility
):
    given_values = {name: [*wanted] for name, wanted in values.items() if wanted}
    one = Subscription(1, frozenset(kinds), task_filter(given_values, OWNER), Actor(OWNER, is_admin))

    def is_visible(task):
        return visibility == "team" or is_admin or OWNER in (task["created_by"], task["assigned_to"])

    states = (before, after) if kind is EventKind.UPDATED else (after,)
    if is_visible(after):
        expected = kind in kinds and any(matches(values, task) for task in states)
    else:
        # An update that hides the task is its deletion for the owner.
        is_hidden = kind is EventKind.UPDATED and is_visible(before)
        expected = is_hidden and EventKind.DELETED in kinds and matches(values, before)

    assert one.wants(event_of(kind, before, after), visibility) is expected
