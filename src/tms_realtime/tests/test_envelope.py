import contextlib
from datetime import date
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tms_core.events import TaskEventRecord
from tms_core.models import EventKind, Priority, Status
from tms_realtime.event_log.envelope import Envelope, TaskState
from tms_realtime.event_log.message import farewell_message, task_message

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
    """Of any kind; one that is created with changes is a deleted task that was restored."""
    snapshot = draw(st.fixed_dictionaries(FIELDS))
    kind = draw(st.sampled_from(EventKind))
    earlier = {} if kind is EventKind.DELETED else draw(st.fixed_dictionaries({}, optional=FIELDS))
    changes = {name: [old, snapshot[name]] for name, old in earlier.items() if old != snapshot[name]}
    position, task_id = draw(st.integers(1, 2**63 - 1)), draw(st.integers(1, 2**63 - 1))
    return event(kind, position=position, changes=changes, id=task_id, actor=draw(USERS), **snapshot)


def task_before(told: TaskEventRecord) -> dict[str, Any]:
    return {**told.snapshot, **{name: old for name, (old, _new) in told.changes.items()}}


@given(data=st.data())
def test_an_envelope_comes_out_as_it_went_in(data, event):
    envelope = Envelope.of(data.draw(events(event)))

    assert Envelope.decode(envelope.encode()) == envelope


@given(data=st.data())
def test_an_envelope_has_the_task_as_it_was_and_as_it_is(data, event):
    told = data.draw(events(event))
    envelope = Envelope.of(told)

    assert (envelope.position, envelope.task_id, envelope.at) == (
        told.position, told.task_id, told.created_at.timestamp(),
    )  # fmt: skip
    assert envelope.before == (None if told.kind is EventKind.CREATED else TaskState.of(task_before(told)))
    assert envelope.after == (None if told.kind is EventKind.DELETED else TaskState.of(told.snapshot))
    assert envelope.message == task_message(told)


@given(data=st.data())
def test_a_farewell_is_there_where_an_update_takes_somebody_out_and_only_there(data, event):
    told = data.draw(events(event))
    envelope = Envelope.of(told)
    were, are = ({task[name] for name in RELATIONS} - {None} for task in (task_before(told), told.snapshot))

    assert bool(envelope.visibility_lost) == (told.kind is EventKind.UPDATED and not were <= are)
    if envelope.visibility_lost:
        visibility_lost = orjson.loads(envelope.visibility_lost)
        assert envelope.visibility_lost == farewell_message(told)
        assert (visibility_lost["event"], visibility_lost["changes"]) == ("deleted", [])
        assert {name: visibility_lost[name] for name in FIELDS} == {name: task_before(told)[name] for name in FIELDS}


def test_a_task_that_was_restored_was_not_there_before_and_nobody_is_taken_out_of_it(event):
    restored = Envelope.of(event(EventKind.CREATED, assigned_to=3, changes={"assigned_to": [2, 3], "version": [4, 5]}))

    assert restored.before is None
    assert restored.after is not None
    assert restored.visibility_lost == b""
    assert orjson.loads(restored.message)["event"] == "created"


@pytest.mark.parametrize(
    ("created_by", "assigned_to", "changes", "is_told"),
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
def test_who_only_changes_places_in_a_task_is_not_taken_out_of_it(created_by, assigned_to, changes, is_told, event):
    envelope = Envelope.of(event(created_by=created_by, assigned_to=assigned_to, changes=changes))

    assert bool(envelope.visibility_lost) == is_told


STATE = b'[1,null,"LOW","PENDING",null]'


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{}", b"1\na\nb", b"x\na\nb", b"[1]\na\nb", b"[1,2,3,4,5]\na\nb", b"[1,2,3,null,null]\na",
        b"[1,2,3,null,%s]\na\nb\nc" % STATE, b"[1,2,3,null,%s,null]\na\nb" % STATE, b"[1,2,3,null,[1,2]]\na\nb",
        b'[1,2,3,null,[1,null,"LOW","PENDING","soon"]]\na\nb', b'[1,2,3,null,[1,null,"LOW","PENDING",5]]\na\nb',
    ],
)  # fmt: skip
def test_what_is_no_envelope_is_a_value_or_type_error(data):
    with pytest.raises((ValueError, TypeError)):
        Envelope.decode(data)


@given(data=st.binary(max_size=50))
def test_no_bytes_at_all_are_another_error(data):
    with contextlib.suppress(ValueError, TypeError):
        Envelope.decode(data)
