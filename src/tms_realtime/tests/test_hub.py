"""The hub, compared with a model that matches every client with every event."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tms_core.models import EventKind, Priority, Status
from tms_core.permissions import Actor
from tms_core.services.filter_bounds import COMPARISONS
from tms_core.services.task_filter import TaskFilter
from tms_realtime.clients.hub import Hub
from tms_realtime.clients.outbound_message import OutboundMessage
from tms_realtime.clients.view import Subscription, View
from tms_realtime.event_log.envelope import Envelope
from tms_realtime.event_log.message import task_message, visibility_lost_message

USERS = st.integers(1, 3)
NOBODY_OR_USER = st.none() | USERS
DAYS = st.dates(date(2025, 3, 29), date(2025, 3, 31))
TASKS = st.fixed_dictionaries(
    {
        "title": st.sampled_from(["Old", "New"]),
        "priority": st.sampled_from(["LOW", "HIGH"]),
        "status": st.sampled_from(["PENDING", "COMPLETED"]),
        "due_date": st.none() | DAYS.map(date.isoformat),
        "created_by": USERS,
        "assigned_to": NOBODY_OR_USER,
    }
)


def some(values: st.SearchStrategy[Any]) -> st.SearchStrategy[frozenset[Any]]:
    return st.just(frozenset()) | st.frozensets(values, max_size=2)


PARTS = {
    "priority": some(st.sampled_from([Priority.LOW, Priority.HIGH])),
    "status": some(st.sampled_from([Status.PENDING, Status.COMPLETED])),
    "due_date": some(DAYS),
    "due_bounds": st.lists(st.tuples(st.sampled_from([*COMPARISONS]), DAYS), max_size=1).map(tuple),
    "assigned_to": some(NOBODY_OR_USER),
    "created_by": some(NOBODY_OR_USER),
}
# Filters with few fields match more often than those with many.
FILTERS = st.one_of(
    *(st.builds(TaskFilter, **{name: values}) for name, values in PARTS.items()),
    st.builds(TaskFilter, **PARTS),
)
SUBSCRIPTIONS = st.lists(st.builds(Subscription, FILTERS, st.sampled_from([None, "board", "mine"])), max_size=3).map(
    tuple
)
VIEWS = st.builds(View, st.none() | st.builds(Actor, USERS), SUBSCRIPTIONS)


class RecordingClient:
    """A client that records its messages."""

    claims = None
    pending = 0

    def __init__(self) -> None:
        self.messages: list[OutboundMessage] = []

    def send(self, message: OutboundMessage) -> None:
        self.messages.append(message)

    def end(self, code: int, reason: str) -> None:
        raise AssertionError("the hub closes nobody")

    @property
    def received(self) -> list[tuple[dict[str, Any], int | None]]:
        return [(orjson.loads(text), position) for message in self.messages for text, position in message.parts]


def joined(hub: Hub, *views: View) -> list[RecordingClient]:
    ears = [RecordingClient() for _ in views]
    for ear, view in zip(ears, views, strict=True):
        hub.join(ear, view)
    return ears


@dataclass
class Model:
    """Computes what a client with this view receives of an event, from the event alone."""

    view: View

    def message(self, record: Any) -> dict[str, Any] | None:
        earlier = record.snapshot | {name: old for name, (old, _new) in record.changes.items()}
        before = None if record.kind is EventKind.CREATED or not self.sees(earlier) else earlier
        after = None if record.kind is EventKind.DELETED or not self.sees(record.snapshot) else record.snapshot
        if not (before or after):
            return None
        goes_out_of_sight = after is None and record.kind is not EventKind.DELETED
        message = orjson.loads(visibility_lost_message(record) if goes_out_of_sight else task_message(record))
        if not self.view.subscriptions:
            return message
        filters = [one.filter for one in self.view.subscriptions]
        match = transition(any(passes(one, before) for one in filters), any(passes(one, after) for one in filters))
        if match is None:
            return None
        message["match"] = match
        for one in self.view.subscriptions:
            own = transition(passes(one.filter, before), passes(one.filter, after))
            if own and one.name:
                message.setdefault("subscriptions", {})[one.name] = own
        return message

    def sees(self, task: dict[str, Any]) -> bool:
        return self.view.actor is None or self.view.actor.id in (task["created_by"], task["assigned_to"])


def transition(was: bool, is_now: bool) -> str | None:
    if was and is_now:
        return "stay"
    return "enter" if is_now else "leave" if was else None


def passes(wanted: TaskFilter, task: dict[str, Any] | None) -> bool:
    if task is None:
        return False
    due = task["due_date"] and date.fromisoformat(task["due_date"])
    return (
        all(
            not getattr(wanted, name) or task[name] in getattr(wanted, name)
            for name in ("priority", "status", "assigned_to", "created_by")
        )
        and (not wanted.due_date or due in wanted.due_date)
        and all(due and COMPARISONS[transition](due, bound) for transition, bound in wanted.due_bounds)
    )


@st.composite
def events(draw, event, **fixed: Any):
    snapshot, earlier = draw(TASKS), draw(TASKS)
    changes = {name: [earlier[name], snapshot[name]] for name in snapshot if earlier[name] != snapshot[name]}
    kind = draw(st.sampled_from(EventKind))
    return event(kind, changes={} if kind is EventKind.DELETED else changes, **snapshot, **fixed)


@given(data=st.data(), view=VIEWS)
def test_a_view_yields_the_same_message_as_the_model(data, view, event):
    record = data.draw(events(event))

    text = view.message(Envelope.of(record))

    assert (text and orjson.loads(text)) == Model(view).message(record)


@given(data=st.data())
def test_grouping_sends_to_exactly_the_clients_of_the_model(data, event):
    hub = Hub(position=10)
    expected: dict[RecordingClient, list[tuple[dict[str, Any], int]]] = {RecordingClient(): [] for _ in range(5)}
    views: dict[RecordingClient, View] = {}
    position = 10
    for _ in range(data.draw(st.integers(1, 8))):
        match data.draw(st.sampled_from(["join", "leave", "publish", "publish"])):
            case "join":
                ear = data.draw(st.sampled_from([*expected]))
                views[ear] = data.draw(VIEWS)
                hub.join(ear, views[ear])
            case "leave":
                ear = data.draw(st.sampled_from([*expected]))
                views.pop(ear, None)
                hub.leave(ear)
            case "publish":
                # With repetitions and gaps.
                steps = data.draw(st.lists(st.sampled_from([1, 1, 2, 0, -1]), max_size=4))
                batch = []
                for step in steps:
                    record = data.draw(events(event, position=max(1, position + step)))
                    batch.append(record)
                    if record.position <= position:
                        continue
                    position = record.position
                    for ear, view in views.items():
                        if message := Model(view).message(record):
                            expected[ear].append((message, position))
                hub.publish([Envelope.of(record) for record in batch])

    assert hub.position == position
    assert set(hub.clients()) == views.keys()
    assert len(hub) == len(views)
    for ear, messages in expected.items():
        assert ear.received == messages
    for ear in views:
        hub.leave(ear)
    assert vars(hub) == vars(Hub(position=position)), "something is kept of those who left"


def wants(**parts) -> Subscription:
    return Subscription(TaskFilter(**{name: frozenset(values) for name, values in parts.items()}))


@pytest.mark.parametrize(
    ("view", "users"),
    [
        (View(), None),
        (View(Actor(7)), {7}),
        (View(Actor(7), (wants(assigned_to=[8]),)), {7}),
        (View(None, (wants(status=[Status.PENDING]),)), None),
        (View(None, (wants(assigned_to=[7, 8], created_by=[9]),)), {7, 8}),
        (View(None, (wants(created_by=[9]),)), {9}),
        (View(None, (wants(assigned_to=[7, None]),)), None),
        (View(None, (wants(assigned_to=[None], created_by=[9]),)), {9}),
        (View(None, (wants(assigned_to=[7]), wants(created_by=[9]))), {7, 9}),
        (View(None, (wants(assigned_to=[7]), wants(status=[Status.PENDING]))), None),
    ],
)
def test_a_view_has_the_users_whom_its_events_must_involve(view, users):
    assert view.users() == users


@pytest.mark.parametrize(
    ("before", "after", "match"),
    [
        ("ARCHIVED", "PENDING", {"match": "enter", "subscriptions": {"todo": "enter"}}),
        ("PENDING", "PENDING", {"match": "stay", "subscriptions": {"todo": "stay"}}),
        ("PENDING", "ARCHIVED", {"match": "leave", "subscriptions": {"todo": "leave"}}),
        ("PENDING", "COMPLETED", {"match": "stay", "subscriptions": {"todo": "leave", "done": "enter"}}),
        ("IN_PROGRESS", "COMPLETED", {"match": "enter", "subscriptions": {"done": "enter"}}),
    ],
)
def test_a_message_has_the_match_of_the_subscriptions(before, after, match, event):
    todo = Subscription(TaskFilter(status=frozenset({Status.PENDING})), "todo")
    done = Subscription(TaskFilter(status=frozenset({Status.COMPLETED})), "done")

    text = View(None, (todo, done)).message(Envelope.of(event(status=after, changes={"status": [before, after]})))

    record = orjson.loads(text)
    assert {name: record[name] for name in ("match", "subscriptions")} == match


def test_a_subscription_without_a_name_is_not_reported_separately(event):
    view = View(None, (Subscription(TaskFilter()),))

    record = orjson.loads(view.message(Envelope.of(event(EventKind.CREATED))))

    assert (record["match"], "subscriptions" in record) == ("enter", False)


def test_a_removed_user_receives_a_deletion_with_the_task_before(event):
    record = Envelope.of(
        event(created_by=1, assigned_to=3, title="New", changes={"assigned_to": [2, 3], "title": ["Old", "New"]})
    )

    messages = {user: orjson.loads(View(Actor(user)).message(record) or b"null") for user in (1, 2, 3, 4)}

    assert [messages[user] and messages[user]["event"] for user in (1, 2, 3, 4)] == [
        "updated",
        "deleted",
        "updated",
        None,
    ]
    assert messages[2]["title"] == "Old"
    assert View(Actor(2)).is_visibility_lost(record)
    assert not View(Actor(1)).is_visibility_lost(record)


def test_a_message_is_encoded_once_for_all_clients(event):
    hub = Hub()
    ears = joined(hub, View(Actor(1)), View(Actor(1)), View(Actor(2)), View())

    hub.publish([Envelope.of(event(created_by=1, assigned_to=2))])

    assert len({id(ear.messages[0]) for ear in ears}) == 1


def test_events_are_batched_in_one_write(event):
    hub = Hub()
    (ear,) = joined(hub, View())

    hub.publish([Envelope.of(event()) for _ in range(50)])

    assert [message.count for message in ear.messages] == [50]


def test_a_client_that_joins_again_has_the_new_view_only(event):
    hub = Hub()
    (ear,) = joined(hub, View(Actor(1)))

    hub.join(ear, View(Actor(2)))
    hub.publish([Envelope.of(event(created_by=1)), Envelope.of(event(created_by=2))])

    assert [message["created_by"] for message, _ in ear.received] == [2]


def test_a_client_may_leave_during_a_send(event):
    hub = Hub()

    class TooSlow(RecordingClient):
        def send(self, message: OutboundMessage) -> None:
            super().send(message)
            hub.leave(self)

    slow = [TooSlow() for _ in range(3)]
    for client in slow:
        hub.join(client, View())
    (other,) = joined(hub, View())

    hub.publish([Envelope.of(event(description="x" * 40_000)) for _ in range(3)])

    assert len(other.received) == 3
    assert [len(client.messages) for client in slow] == [1, 1, 1]
    assert hub.clients() == [other]


def test_all_clients_are_reset_when_the_log_goes_back(event):
    hub = Hub(position=100)
    ears = joined(hub, View(), View(Actor(2)))

    hub.reset(7)
    hub.publish([Envelope.of(event(position=7)), Envelope.of(event(position=8, created_by=2))])

    for ear in ears:
        (reset, _), (record, _) = ear.received
        assert reset == {"type": "reset", "event_id": 7}
        assert record["event_id"] == 8
