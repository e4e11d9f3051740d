import pytest

from tms_core.services.tasks import TaskService
from tms_reports.sink import ReportCountersSink
from tms_testing.fixtures import assign_all_positions


@pytest.fixture(scope="module")
def settings():
    return {"tms.visibility": "private"}


@pytest.mark.parametrize("mode", ["live", "scan"])
def test_users_count_only_tasks_that_they_created_or_are_assigned_to(make_user, client_of, runtime, mode):
    ann, bob, admin = make_user("ann"), make_user("bob"), make_user("admin", is_admin=True)
    for creator, assignee in ((ann, ann), (ann, bob), (bob, None), (admin, None)):
        with runtime.transaction() as session:
            values = {"title": "a task", "assigned_to": assignee and assignee.id}
            TaskService(session, creator.actor, "private").create(values)

    assign_all_positions(runtime)
    ReportCountersSink(runtime).prepare()

    path = f"/api/task-report-insight/?mode={mode}"
    seen = {user.username: client_of(user).get(path).json for user in (ann, bob, admin)}

    assert {name: report["total"] for name, report in seen.items()} == {"ann": 2, "bob": 2, "admin": 4}
    assert seen["bob"]["tasks_created"] == {"ann": 1, "bob": 1}
    assert seen["bob"]["tasks_assigned"] == {"bob": 1}


def test_live_numbers_are_those_of_ones_own_tasks_by_creator_and_assignee(make_user, client_of, runtime):
    ann, bob = make_user("ann"), make_user("bob")
    for creator, assignee in ((ann, ann), (ann, bob), (ann, None), (bob, ann)):
        with runtime.transaction() as session:
            values = {"title": "a task", "assigned_to": assignee and assignee.id}
            TaskService(session, creator.actor, "private").create(values)
    assign_all_positions(runtime)
    ReportCountersSink(runtime).prepare()
    get = client_of(ann).get

    totals = {
        query: get(f"/api/task-report-insight/?mode=live&{query}").json["total"]
        for query in ("", "created_by=me", "assigned_to=me", "created_by=me&assigned_to=me", "status=COMPLETED")
    }
    refused = get(f"/api/task-report-insight/?mode=live&assigned_to={bob.id}", status=400).json

    assert list(totals.values()) == [4, 3, 2, 1, 0]
    assert [error["field"] for error in refused["errors"]] == ["assigned_to"]
