"""Deleted tasks are left out of the history, also where it is read without the table of tasks."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, exists, literal, select

from tms_core.migrations_runner import downgrade, upgrade
from tms_core.models import Status, Task
from tms_reports.models import ReportBulkLoad
from tms_testing.fixtures import assign_all_positions

TREND = "/api/task-report-insight/trend?days=1"


@pytest.fixture(scope="module")
def packages():
    return ("tms_api", "tms_reports")


@pytest.fixture
def completed_task(client, relay_once):
    """A task that was completed, and whose events are recorded."""
    task_id = client.post_json("/api/task", {"title": "a task"}).json["id"]
    client.patch_json(f"/api/task/{task_id}", {"status": "COMPLETED"})
    relay_once()
    return f"/api/task/{task_id}"


@pytest.fixture
def completions(client):
    """Returns the number of completions of today, with and without a filter, which is read from the table."""

    def count():
        found = {client.get(f"{TREND}{more}").json["days"][-1]["completed"] for more in ("", "&priority=MEDIUM")}
        assert len(found) == 1
        return found.pop()

    return count


@pytest.mark.parametrize("is_recorded", [False, True])
def test_a_deleted_task_does_not_count_until_it_is_restored(
    runtime, client, completed_task, completions, relay_once, is_recorded
):
    assert completions() == 1

    client.delete(completed_task)
    if is_recorded:
        relay_once()
    assert completions() == 0

    assign_all_positions(runtime)
    deletion = client.get(f"{completed_task}/history").json[0]
    client.post_json(f"{completed_task}/undo", {"event_id": deletion["event_id"]})
    if is_recorded:
        relay_once()
    assert completions() == 1


def test_a_task_that_was_deleted_without_an_event_does_not_count(runtime, client, completed_task, completions):
    with runtime.transaction() as session:
        session.execute(delete(Task))
        session.flush()
        assert session.scalar(select(exists().where(ReportBulkLoad.is_deletion)))

    assert completions() == 0


@pytest.mark.parametrize("is_deleted", [False, True])
def test_the_migration_finds_out_whether_tasks_were_deleted_without_events(
    runtime, client, completed_task, completions, add_tasks, is_deleted
):
    downgrade(runtime, "reports_0003")
    try:
        add_tasks([{"created_by": client.user.id}])
        with runtime.transaction() as session:
            session.execute(delete(Task).where(Task.status == Status.COMPLETED, literal(is_deleted)))
    finally:
        upgrade(runtime)

    with runtime.transaction() as session:
        assert set(session.scalars(select(ReportBulkLoad.is_deletion))) == {is_deleted}
    assert completions() == (0 if is_deleted else 1)


def test_a_load_of_tasks_is_not_taken_for_a_deletion(runtime, completed_task, completions, add_tasks, client):
    at = datetime.now(UTC)
    add_tasks([{"created_by": client.user.id, "status": "COMPLETED", "created_at": at, "updated_at": at}])

    with runtime.transaction() as session:
        assert session.scalars(select(ReportBulkLoad.is_deletion)).all() == [False]
    assert completions() == 2


@pytest.mark.parametrize("is_recorded", [False, True])
def test_a_closed_task_that_was_loaded_and_restored_was_never_open(runtime, client, add_tasks, relay_once, is_recorded):
    at = datetime.now(UTC) - timedelta(days=5)
    add_tasks([
        {"id": 7, "created_by": client.user.id, "status": "COMPLETED", "created_at": at, "updated_at": at}
    ])  # fmt: skip
    client.delete("/api/task/7")
    assign_all_positions(runtime)
    client.post_json("/api/task/7/undo", {"event_id": 1})
    if is_recorded:
        relay_once()

    found = client.get("/api/task-report-insight/trend?days=10").json["days"]

    assert [day["open"] for day in found] == [0] * 10
    assert sum(day["created"] for day in found) == sum(day["completed"] for day in found) == 1
