import contextlib
from datetime import date
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tms_core.event_log.events import TaskEventRecord
from tms_core.models import EventKind, Priority, Status
from tms_realtime.event_log.envelope import Envelope, TaskState
from tms_realtime.event_log.message import task_message, visibility_lost_message

RELATIONS = ("created_by", "assigned_to")
USERS = st.integers(1, 4)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "title": st.text(min_size=1, max_size=20),
    "description": st.text(max_size=50),
    "priority": st.sampled_from([*Priority]).map(str),
    "status": st.sampled_from([*Status]).map(str),
    "due_date": st.none() | st.dates().map(date.isoformat),
    "assigned_to": st.none() | USERS,
    "created_by": USERS,
}


@st.composite
def events(draw, event) -> TaskEventRecord:
    """Events of any kind; a creation with changes is a deleted task that was restored."""
    snapshot = draw(st.fixed_dictionaries(FIELDS))
    kind = draw(st.sampled_from(EventKind))
    earlier = {} if kind is EventKind.DELETED else draw(st.fixed_dictionaries({}, optional=FIELDS))
    changes = {name: [old, snapshot[name]] for name, old in earlier.items() if old != snapshot[name]}
    position, task_id = draw(st.integers(1, 2**63 - 1)), draw(st.integers(1, 2**63 - 1))
    return event(kind, position=position, changes=changes, id=task_id, actor=draw(USERS), **snapshot)


def task_before(record: TaskEventRecord) -> dict[str, Any]:
    return {**record.snapshot, **{name: old for name, (old, _new) in record.changes.items()}}


@given(data=st.data())
def test_an_envelope_survives_encoding(data, event):
    envelope = Envelope.of(data.draw(events(event)))

    assert Envelope.decode(envelope.encode()) == envelope


@given(data=st.data())
def test_an_envelope_has_the_task_before_and_after(data, event):
    record = data.draw(events(event))
    envelope = Envelope.of(record)

    assert (envelope.position, envelope.task_id, envelope.occurred_at) == (
        record.position, record.task_id, record.created_at.timestamp(),
    )  # fmt: skip
    assert envelope.before == (None if record.kind is EventKind.CREATED else TaskState.of(task_before(record)))
    assert envelope.after == (None if record.kind is EventKind.DELETED else TaskState.of(record.snapshot))
    assert envelope.message == task_message(record)


@given(data=st.data())
def test_visibility_lost_is_set_only_when_an_update_removes_a_user(data, event):
    record = data.draw(events(event))
    envelope = Envelope.of(record)
    were, are = ({task[name] for name in RELATIONS} - {None} for task in (task_before(record), record.snapshot))

    assert bool(envelope.visibility_lost) == (record.kind is EventKind.UPDATED and not were <= are)
    if envelope.visibility_lost:
        visibility_lost = orjson.loads(envelope.visibility_lost)
        assert envelope.visibility_lost == visibility_lost_message(record)
        assert (visibility_lost["event"], visibility_lost["changes"]) == ("deleted", [])
        assert {name: visibility_lost[name] for name in FIELDS} == {name: task_before(record)[name] for name in FIELDS}


def test_a_restored_task_has_no_state_before_and_removes_no_user(event):
    restored = Envelope.of(event(EventKind.CREATED, assigned_to=3, changes={"assigned_to": [2, 3], "version": [4, 5]}))

    assert restored.before is None
    assert restored.after is not None
    assert restored.visibility_lost == b""
    assert orjson.loads(restored.message)["event"] == "created"


@pytest.mark.parametrize(
    ("created_by", "assigned_to", "changes", "loses_user"),
    [
        (1, 2, {}, False),
        (1, None, {"assigned_to": [2, None]}, True),
        (1, 3, {"assigned_to": [2, 3]}, True),
        (1, 3, {"assigned_to": [None, 3]}, False),
        (1, None, {"assigned_to": [1, None]}, False),
        (4, 2, {"created_by": [1, 4]}, True),
        (4, 1, {"created_by": [1, 4], "assigned_to": [3, 1]}, True),
        (4, 1, {"created_by": [1, 4], "assigned_to": [4, 1]}, False),
    ],
)
def test_swapping_creator_and_assignee_removes_no_user(created_by, assigned_to, changes, loses_user, event):
    envelope = Envelope.of(event(created_by=created_by, assigned_to=assigned_to, changes=changes))

    assert bool(envelope.visibility_lost) == loses_user


STATE = b'[1,null,"LOW","PENDING",null]'


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{}", b"1\na\nb", b"x\na\nb", b"[1]\na\nb", b"[1,2,3,4,5]\na\nb", b"[1,2,3,null,null]\na",
        b"[1,2,3,null,%s]\na\nb\nc" % STATE, b"[1,2,3,null,%s,null]\na\nb" % STATE, b"[1,2,3,null,[1,2]]\na\nb",
        b'[1,2,3,null,[1,null,"LOW","PENDING","soon"]]\na\nb', b'[1,2,3,null,[1,null,"LOW","PENDING",5]]\na\nb',
    ],
)  # fmt: skip
def test_malformed_envelopes_raise_value_or_type_errors(data):
    with pytest.raises((ValueError, TypeError)):
        Envelope.decode(data)


@given(data=st.binary(max_size=50))
def test_arbitrary_bytes_raise_no_other_error(data):
    with contextlib.suppress(ValueError, TypeError):
        Envelope.decode(data)
