from datetime import timedelta

import pytest
from sqlalchemy import func, update

from tms_core.event_log.events import read_events
from tms_core.models import RefreshToken
from tms_testing.fixtures import PASSWORD


@pytest.fixture
def ann(make_user):
    return make_user("ann", first_name="Ann", last_name="Lee")


@pytest.fixture
def task(client):
    """Create a task of the ordinary user."""
    return lambda **fields: client.post_json("/api/task", {"title": "T", **fields}).json


def test_users_can_delete_their_account(app, as_ann, client, ann):
    assert as_ann.delete(f"/api/users/{ann.id}/", status=200).json == {}

    client.get(f"/api/users/{ann.id}", status=404)
    assert "ann" not in [user["username"] for user in client.get("/api/users").json["results"]]
    app.post_json("/api/token", {"username": "ann", "password": PASSWORD}, status=401)


def test_a_deleted_account_cannot_be_changed_back(admin, ann):
    admin.delete(f"/api/users/{ann.id}")

    admin.patch_json(f"/api/users/{ann.id}", {"is_active": True}, status=404)
    admin.delete(f"/api/users/{ann.id}", status=404)


def test_the_address_of_a_deleted_account_can_be_used_again(app, as_ann):
    as_ann.delete("/api/users/me")

    app.post_json("/api/users", {"username": "ann2", "email": "ann@example.com", "password": PASSWORD}, status=201)


def test_tasks_created_by_a_deleted_account_stay(as_ann, ann, client):
    task = as_ann.post_json("/api/task", {"title": "Hers"}).json

    as_ann.delete("/api/users/me")

    assert client.get(f"/api/task/{task['id']}").json == task


@pytest.mark.parametrize("status", ["PENDING", "IN_PROGRESS"])
def test_open_tasks_of_a_deleted_account_become_unassigned(as_ann, ann, client, task, status):
    before = task(assigned_to=ann.id, status=status)

    as_ann.delete("/api/users/me")

    after = client.get(f"/api/task/{before['id']}").json
    assert (after["assigned_to"], after["version"]) == (None, 2)


@pytest.mark.parametrize("status", ["COMPLETED", "ARCHIVED"])
def test_completed_tasks_keep_a_deleted_assignee(as_ann, ann, client, task, status):
    before = task(assigned_to=ann.id, status=status)

    as_ann.delete("/api/users/me")

    assert client.get(f"/api/task/{before['id']}").json == before


def test_unassignments_are_events_of_the_deleting_user(admin, ann, task, runtime, relay_once):
    tasks = [task(assigned_to=ann.id) for _ in range(3)]
    task(assigned_to=None)
    relay_once()

    admin.delete(f"/api/users/{ann.id}")

    relay_once()
    with runtime.transaction() as session:
        events = read_events(session, after=4, limit=10)
    assert [(event.task_id, event.kind, event.actor_id) for event in events] == [
        (one["id"], "updated", admin.user.id) for one in tasks
    ]
    assert all(event.changes == {"assigned_to": [ann.id, None]} for event in events)


def test_a_deleted_account_cannot_be_assigned(as_ann, ann, client, task, faulty_fields):
    before = task()
    as_ann.delete("/api/users/me")

    answer = client.patch_json(f"/api/task/{before['id']}", {"assigned_to": ann.id}, status=400)

    assert faulty_fields(answer) == ["assigned_to"]


def test_a_put_may_keep_a_deleted_assignee(as_ann, ann, client, task):
    before = task(assigned_to=ann.id, status="COMPLETED")
    as_ann.delete("/api/users/me")

    assert client.put_json(f"/api/task/{before['id']}", before, status=200).json == before


@pytest.fixture
def signed_in_before(runtime, app):
    """Return the headers of a user whose session began an hour ago and was refreshed just now."""

    def begin(user) -> dict[str, str]:
        with runtime.transaction() as session:
            session.execute(update(RefreshToken).values(began_at=func.now() - timedelta(hours=1)))
        pair = app.post_json("/api/token/refresh", {"refresh": user.refresh}).json
        return {"Authorization": f"Bearer {pair['access']}"}

    return begin


@pytest.mark.parametrize("body", [None, {}, {"current_password": None}, {"current_password": PASSWORD}])
@pytest.mark.parametrize("url", ["/api/users/me", "/api/users/{id}"])
def test_the_password_is_optional_however_old_the_session(app, ann, signed_in_before, url, body):
    url, headers = url.format(id=ann.id), signed_in_before(ann)

    if body is None:
        assert app.delete(url, headers=headers, status=200).json == {}
    else:
        assert app.delete_json(url, body, headers=headers, status=200).json == {}
    app.post_json("/api/token", {"username": "ann", "password": PASSWORD}, status=401)


def test_a_wrong_password_is_refused(app, ann, problem):
    answer = app.delete_json("/api/users/me", {"current_password": "wrong"}, headers=ann.headers, status=403)

    problem(answer)
    assert answer.json["code"] == "password_wrong"
    app.get("/api/users/me", headers=ann.headers, status=200)


def test_password_guesses_with_a_stolen_token_are_limited(ann, another_process):
    process = another_process(**{"api.limit_sign_in_account": "2/minute"})

    answers = [
        process.delete_json("/api/users/me", {"current_password": word}, headers=ann.headers, status="*").status_int
        for word in ("wrong", "wrong", PASSWORD)
    ]

    assert answers == [403, 403, 429]
