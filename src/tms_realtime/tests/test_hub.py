"""Who is told what, against a model that looks at every client for every event."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tms_core.models import EventKind, Priority, Status
from tms_core.permissions import Actor
from tms_core.services.day_bounds import COMPARISONS
from tms_core.services.task_filter import TaskFilter
from tms_realtime.clients.hub import Hub
from tms_realtime.clients.outbound_message import OutboundMessage
from tms_realtime.clients.view import Subscription, View
from tms_realtime.event_log.envelope import Envelope
from tms_realtime.event_log.message import farewell_message, task_message

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
# Those of one part let something pass more often than those of many.
FILTERS = st.one_of(
    *(st.builds(TaskFilter, **{name: values}) for name, values in PARTS.items()),
    st.builds(TaskFilter, **PARTS),
)
SUBSCRIPTIONS = st.lists(st.builds(Subscription, FILTERS, st.sampled_from([None, "board", "mine"])), max_size=3).map(
    tuple
)
VIEWS = st.builds(View, st.none() | st.builds(Actor, USERS), SUBSCRIPTIONS)


class RecordingClient:
    """A client that remembers what it got."""

    claims = None
    pending = 0

    def __init__(self) -> None:
        self.messages: list[OutboundMessage] = []

    def send(self, message: OutboundMessage) -> None:
        self.messages.append(message)

    def end(self, code: int, reason: str) -> None:
        raise AssertionError("the hub closes nobody")

    @property
    def heard(self) -> list[tuple[dict[str, Any], int | None]]:
        return [(orjson.loads(text), position) for message in self.messages for text, position in message.parts]


def joined(hub: Hub, *views: View) -> list[RecordingClient]:
    ears = [RecordingClient() for _ in views]
    for ear, view in zip(ears, views, strict=True):
        hub.join(ear, view)
    return ears


@dataclass
class Model:
    """What a client of this view is told of an event, from the event alone."""

    view: View

    def message(self, told: Any) -> dict[str, Any] | None:
        earlier = told.snapshot | {name: old for name, (old, _new) in told.changes.items()}
        before = None if told.kind is EventKind.CREATED or not self.sees(earlier) else earlier
        after = None if told.kind is EventKind.DELETED or not self.sees(told.snapshot) else told.snapshot
        if not (before or after):
            return None
        goes_out_of_sight = after is None and told.kind is not EventKind.DELETED
        message = orjson.loads(farewell_message(told) if goes_out_of_sight else task_message(told))
        if not self.view.subscriptions:
            return message
        filters = [one.filter for one in self.view.subscriptions]
        match = word(any(passes(one, before) for one in filters), any(passes(one, after) for one in filters))
        if match is None:
            return None
        message["match"] = match
        for one in self.view.subscriptions:
            own = word(passes(one.filter, before), passes(one.filter, after))
            if own and one.name:
                message.setdefault("subscriptions", {})[one.name] = own
        return message

    def sees(self, task: dict[str, Any]) -> bool:
        return self.view.actor is None or self.view.actor.id in (task["created_by"], task["assigned_to"])


def word(was: bool, is_now: bool) -> str | None:
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
        and all(due and COMPARISONS[word](due, bound) for word, bound in wanted.due_bounds)
    )


@st.composite
def events(draw, event, **fixed: Any):
    snapshot, earlier = draw(TASKS), draw(TASKS)
    changes = {name: [earlier[name], snapshot[name]] for name in snapshot if earlier[name] != snapshot[name]}
    kind = draw(st.sampled_from(EventKind))
    return event(kind, changes={} if kind is EventKind.DELETED else changes, **snapshot, **fixed)


@given(data=st.data(), view=VIEWS)
def test_a_view_is_told_what_a_naive_look_at_the_event_says(data, view, event):
    told = data.draw(events(event))

    text = view.message(Envelope.of(told))

    assert (text and orjson.loads(text)) == Model(view).message(told)


@given(data=st.data())
def test_grouping_neither_leaves_out_nor_adds_anyone_whoever_comes_and_goes(data, event):
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
                # With repetitions, and holes.
                steps = data.draw(st.lists(st.sampled_from([1, 1, 2, 0, -1]), max_size=4))
                batch = []
                for step in steps:
                    told = data.draw(events(event, position=max(1, position + step)))
                    batch.append(told)
                    if told.position <= position:
                        continue
                    position = told.position
                    for ear, view in views.items():
                        if message := Model(view).message(told):
                            expected[ear].append((message, position))
                hub.publish([Envelope.of(told) for told in batch])

    assert hub.position == position
    assert set(hub.clients()) == views.keys()
    assert len(hub) == len(views)
    for ear, messages in expected.items():
        assert ear.heard == messages
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
def test_a_view_names_the_users_without_whom_no_event_concerns_it(view, users):
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
def test_a_message_says_how_the_task_stands_to_what_one_subscribed_to(before, after, match, event):
    todo = Subscription(TaskFilter(status=frozenset({Status.PENDING})), "todo")
    done = Subscription(TaskFilter(status=frozenset({Status.COMPLETED})), "done")

    text = View(None, (todo, done)).message(Envelope.of(event(status=after, changes={"status": [before, after]})))

    told = orjson.loads(text)
    assert {name: told[name] for name in ("match", "subscriptions")} == match


def test_a_subscription_without_a_name_is_not_told_of_by_itself(event):
    view = View(None, (Subscription(TaskFilter()),))

    told = orjson.loads(view.message(Envelope.of(event(EventKind.CREATED))))

    assert (told["match"], "subscriptions" in told) == ("enter", False)


def test_who_is_taken_out_of_a_task_hears_of_it_as_deleted_and_as_it_was(event):
    told = Envelope.of(
        event(created_by=1, assigned_to=3, title="New", changes={"assigned_to": [2, 3], "title": ["Old", "New"]})
    )

    messages = {user: orjson.loads(View(Actor(user)).message(told) or b"null") for user in (1, 2, 3, 4)}

    assert [messages[user] and messages[user]["event"] for user in (1, 2, 3, 4)] == [
        "updated",
        "deleted",
        "updated",
        None,
    ]
    assert messages[2]["title"] == "Old"
    assert View(Actor(2)).is_visibility_lost(told)
    assert not View(Actor(1)).is_visibility_lost(told)


def test_a_message_is_framed_once_for_all_who_get_it(event):
    hub = Hub()
    ears = joined(hub, View(Actor(1)), View(Actor(1)), View(Actor(2)), View())

    hub.publish([Envelope.of(event(created_by=1, assigned_to=2))])

    assert len({id(ear.messages[0]) for ear in ears}) == 1


def test_several_events_come_in_one_write(event):
    hub = Hub()
    (ear,) = joined(hub, View())

    hub.publish([Envelope.of(event()) for _ in range(50)])

    assert [message.count for message in ear.messages] == [50]


def test_one_who_joins_again_has_a_new_view_and_hears_once(event):
    hub = Hub()
    (ear,) = joined(hub, View(Actor(1)))

    hub.join(ear, View(Actor(2)))
    hub.publish([Envelope.of(event(created_by=1)), Envelope.of(event(created_by=2))])

    assert [message["created_by"] for message, _ in ear.heard] == [2]


def test_one_who_leaves_while_being_sent_to_harms_nobody(event):
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

    assert len(other.heard) == 3
    assert [len(client.messages) for client in slow] == [1, 1, 1]
    assert hub.clients() == [other]


def test_when_the_log_goes_back_everyone_is_told_to_read_anew_and_ids_rise_from_there(event):
    hub = Hub(position=100)
    ears = joined(hub, View(), View(Actor(2)))

    hub.reset(7)
    hub.publish([Envelope.of(event(position=7)), Envelope.of(event(position=8, created_by=2))])

    for ear in ears:
        (reset, _), (told, _) = ear.heard
        assert reset == {"type": "reset", "event_id": 7}
        assert told["event_id"] == 8
