import orjson
import pytest

from tms_core.models import EventKind
from tms_realtime.envelope import Envelope
from tms_realtime.message import farewell_message, task_message

KEYS = [
    "task_id", "title", "description", "priority", "status", "due_date", "assigned_to", "created_at", "updated_at",
    "event", "event_id", "created_by", "actor", "version", "changes",
]  # fmt: skip


def test_a_message_has_the_keys_of_the_contract_in_its_order(event):
    for kind in EventKind:
        assert list(orjson.loads(task_message(event(kind)))) == KEYS


def test_a_message_tells_the_task_and_the_event(event):
    told = event(
        EventKind.UPDATED,
        position=4711,
        actor=9,
        changes={"status": ["PENDING", "IN_PROGRESS"], "due_date": [None, "x"]},
    )

    message = orjson.loads(task_message(told))

    assert message == {
        "task_id": 1,
        "title": "Paint the fence",
        "description": "White, both sides",
        "priority": "HIGH",
        "status": "IN_PROGRESS",
        "due_date": "2025-03-30",
        "assigned_to": None,
        "created_at": "2025-03-17T10:00:00Z",
        "updated_at": "2025-03-17T11:00:00Z",
        "event": "updated",
        "event_id": 4711,
        "created_by": 1,
        "actor": 9,
        "version": 3,
        "changes": ["status", "due_date"],
    }


@pytest.mark.parametrize("kind", [EventKind.CREATED, EventKind.DELETED])
def test_creation_and_deletion_name_no_changed_fields(kind, event):
    message = orjson.loads(task_message(event(kind)))

    assert (message["event"], message["changes"]) == (kind.value, [])


def test_a_farewell_tells_nothing_that_came_with_the_change(event):
    taken_away = event(
        title="Secret plan", description="Not for the previous assignee", assigned_to=3,
        changes={"title": ["Old plan", "Secret plan"], "description": ["", "Not for…"], "assigned_to": [2, 3]},
    )  # fmt: skip

    message = orjson.loads(farewell_message(taken_away))

    assert list(message) == KEYS
    assert (message["event"], message["changes"]) == ("deleted", [])
    assert (message["title"], message["description"], message["assigned_to"]) == ("Old plan", "", 2)


def test_an_envelope_comes_out_as_it_went_in(event):
    for changes in ({}, {"assigned_to": [2, None]}):
        envelope = Envelope.of(event(title="line\nbreak\r\n  end", changes=changes))

        assert Envelope.decode(envelope.encode()) == envelope


@pytest.mark.parametrize(
    ("created_by", "assigned_to", "changes", "left"),
    [
        (1, 2, {}, ()),
        (1, None, {"assigned_to": [2, None]}, (2,)),
        (1, 3, {"assigned_to": [2, 3]}, (2,)),
        (1, 3, {"assigned_to": [None, 3]}, ()),
        (1, None, {"assigned_to": [1, None]}, ()),
        (4, 2, {"created_by": [1, 4]}, (1,)),
        (4, 1, {"created_by": [1, 4], "assigned_to": [3, 1]}, (3,)),
        (4, 5, {"created_by": [1, 4], "assigned_to": [3, 5]}, (1, 3)),
    ],
)
def test_those_who_left_are_in_no_relation_to_the_task_any_more(created_by, assigned_to, changes, left, event):
    envelope = Envelope.of(event(created_by=created_by, assigned_to=assigned_to, changes=changes))

    assert envelope.left == left
    assert bool(envelope.farewell) == bool(left)


@pytest.mark.parametrize("data", [b"", b"{}", b"[1]\na\nb", b"[1,2,3,4,5]\na\nb", b"x\na\nb", b"1\na\nb"])
def test_what_is_no_envelope_is_a_value_error(data):
    with pytest.raises((ValueError, TypeError)):
        Envelope.decode(data)
