import orjson
import pytest

from tms_core.models import EventKind
from tms_realtime.event_log.message import task_message, visibility_lost_message

KEYS = [
    "task_id", "title", "description", "priority", "status", "due_date", "assigned_to", "created_at", "updated_at",
    "event", "event_id", "created_by", "actor", "version", "changes",
]  # fmt: skip


def test_a_message_has_the_keys_of_the_contract_in_its_order(event):
    for kind in EventKind:
        assert list(orjson.loads(task_message(event(kind)))) == KEYS


def test_a_message_has_the_task_and_the_event(event):
    record = event(
        EventKind.UPDATED,
        position=4711,
        actor=9,
        changes={"status": ["PENDING", "IN_PROGRESS"], "due_date": [None, "x"]},
    )

    message = orjson.loads(task_message(record))

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


def test_the_message_for_removed_users_has_nothing_of_the_change(event):
    taken_away = event(
        title="Secret plan", description="Not for the previous assignee", assigned_to=3,
        changes={"title": ["Old plan", "Secret plan"], "description": ["", "Not for…"], "assigned_to": [2, 3]},
    )  # fmt: skip

    message = orjson.loads(visibility_lost_message(taken_away))

    assert list(message) == KEYS
    assert (message["event"], message["changes"]) == ("deleted", [])
    assert (message["title"], message["description"], message["assigned_to"]) == ("Old plan", "", 2)
