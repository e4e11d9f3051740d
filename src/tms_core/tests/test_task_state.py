"""The JSON of a task in events."""

from datetime import UTC

import orjson
from hypothesis import given
from hypothesis import strategies as st

from tms_core.models import Priority, Status
from tms_core.services.task_state import TaskRow, from_snapshot, snapshot_json, snapshot_of

INSTANTS = st.datetimes(timezones=st.just(UTC))
TASKS = st.builds(
    TaskRow,
    id=st.integers(1, 2**63 - 1),
    title=st.text(st.characters(exclude_categories=["Cs"])),
    description=st.text(st.characters(exclude_categories=["Cs"])),
    priority=st.sampled_from(Priority),
    status=st.sampled_from(Status),
    due_date=st.none() | st.dates(),
    assigned_to=st.none() | st.integers(1, 2**63 - 1),
    created_by=st.integers(1, 2**63 - 1),
    created_at=INSTANTS,
    updated_at=INSTANTS,
    version=st.integers(1, 2**31),
)


@given(TASKS)
def test_the_json_of_a_task_is_that_of_its_snapshot(task):
    assert orjson.loads(snapshot_json(task)) == snapshot_of(task)
    assert from_snapshot(orjson.loads(snapshot_json(task))) == task
