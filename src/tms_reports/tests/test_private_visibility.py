import pytest

from tms_core.services.tasks import TaskService


@pytest.fixture(scope="module")
def settings():
    return {"tms.visibility": "private"}


def test_users_count_only_tasks_that_they_created_or_are_assigned_to(make_user, client_of, runtime):
    ann, bob, admin = make_user("ann"), make_user("bob"), make_user("admin", is_admin=True)
    for creator, assignee in ((ann, ann), (ann, bob), (bob, None), (admin, None)):
        with runtime.transaction() as session:
            values = {"title": "a task", "assigned_to": assignee and assignee.id}
            TaskService(session, creator.actor, "private").create(values)

    seen = {user.username: client_of(user).get("/api/task-report-insight/").json for user in (ann, bob, admin)}

    assert {name: report["total"] for name, report in seen.items()} == {"ann": 2, "bob": 2, "admin": 4}
    assert seen["bob"]["tasks_created"] == {"ann": 1, "bob": 1}
    assert seen["bob"]["tasks_assigned"] == {"bob": 1}
