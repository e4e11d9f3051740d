"""Real responses match the OpenAPI document: status, headers, content type and every key."""

import pytest
from contract import Contract

from tms_core.services.task_state import TaskRow
from tms_core.web.task_schema import Task
from tms_testing.fixtures import PASSWORD
from tms_testing.problems import CheckedApp

LOOPBACK = {"REMOTE_ADDR": "127.0.0.1"}


@pytest.fixture
def contract(app):
    return Contract(app.get("/api/openapi.json").json)


@pytest.fixture
def checked(app, contract):
    """The application; undocumented responses fail the test."""

    class Checked(CheckedApp):
        def do_request(self, *args, **kwargs):
            answer = super().do_request(*args, **{**kwargs, "expect_errors": True})
            contract.check(answer)
            return answer

    return Checked(app.app, extra_environ=LOOPBACK)


@pytest.fixture
def headers(ann):
    return ann.headers


def test_the_documented_task_has_the_fields_of_a_task():
    assert tuple(Task.model_fields) == TaskRow._fields


def test_signing_in_and_out(checked, contract):
    account = {"username": "eve", "email": "eve@example.com", "password": PASSWORD}
    checked.post_json("/api/users/", account)
    checked.post_json("/api/users", account)
    checked.post_json("/api/users", {**account, "username": "e@", "more": 1})
    pair = checked.post_json("/api/token", {"username": "eve", "password": PASSWORD}).json
    checked.post_json("/api/token", {"username": "eve", "password": "wrong"})
    checked.post("/api/token", b"{", content_type="text/plain")
    pair = checked.post_json("/api/token/refresh", {"refresh": pair["refresh"]}).json
    headers = {"Authorization": f"Bearer {pair['access']}"}
    (session,) = checked.get("/api/sessions", headers=headers).json["results"]
    checked.delete(f"/api/sessions/{session['id']}", headers=headers)
    checked.post_json("/api/token/revoke", {"refresh": pair["refresh"]})
    checked.post_json("/api/token/revoke-all", headers={})

    assert {
        *(("create_user", status) for status in (201, 400, 409)),
        *(("sign_in", status) for status in (200, 401, 415)),
        ("refresh_token", 200),
        ("list_sessions", 200),
        ("delete_session", 200),
        ("revoke_token", 200),
        ("revoke_all_tokens", 401),
    } <= contract.seen


def test_responses_about_tasks_are_documented(checked, contract, headers, make_user):
    other = make_user("bob").headers
    task = checked.post_json("/api/task", {"title": "T"}, headers={**headers, "Idempotency-Key": "1"})
    checked.post_json("/api/task", {"title": "T"}, headers={**headers, "Idempotency-Key": "1"})
    checked.post_json("/api/task", {"title": "U"}, headers={**headers, "Idempotency-Key": "1"})
    checked.post_json("/api/task", {"title": ""}, headers=headers)
    checked.post_json("/api/task", {"title": "T" * 2_000_000}, headers=headers)
    path = task.headers["Location"]
    checked.get(path, headers=headers)
    checked.get(path, headers={**headers, "If-None-Match": task.headers["ETag"]})
    checked.get(path)
    checked.get("/api/task/99", headers=headers)
    checked.put_json(
        path, {**task.json, "status": "COMPLETED", "due_date": "2027-01-01", "assigned_to": 1}, headers=headers
    )
    checked.patch_json(path, {"title": "V"}, headers=other)
    checked.patch_json(path, {"title": "W"}, headers={**headers, "If-Match": '"2"'})
    checked.patch_json(path, {"title": "X", "version": 2}, headers=headers)
    checked.delete(path, headers={**headers, "If-Match": '"1"'})
    checked.get("/api/task?page_size=1&status=COMPLETED&q=w", headers=headers)
    checked.get("/api/task?cursor=", headers=headers)
    checked.get("/api/task?page=9", headers=headers)
    checked.get("/api/task?due_date=yesterday&no=1", headers=headers)

    assert {
        *(("create_task", status) for status in (201, 400, 413, 422)),
        *(("get_task", status) for status in (200, 304, 401, 404)),
        *(("change_task", status) for status in (200, 403, 412)),
        *(("list_tasks", status) for status in (200, 400, 404)),
        ("replace_task", 200),
        ("delete_task", 412),
    } <= contract.seen


def test_responses_of_bulk_history_undo_and_sync_are_documented(checked, contract, headers, relay_once):
    def bulk(*operations):
        return checked.post_json("/api/task/bulk", {"operations": list(operations)}, headers=headers)

    bulk({"op": "create", "task": {"title": "A"}}, {"op": "create", "task": {"title": "B"}})
    bulk({"op": "update", "id": 1, "task": {"title": "C"}}, {"op": "delete", "id": 2})
    bulk({"op": "update", "id": 1, "version": 9, "task": {"title": "D"}})
    bulk({"op": "delete", "id": 2})
    bulk({"op": "create", "task": {}})
    bulk()
    long = {"operations": [{"op": "create", "task": {"title": "A", "description": "d" * 9000}}] * 10}
    for _ in range(2):
        checked.post_json("/api/task/bulk", long, headers={**headers, "Idempotency-Key": "long"})
    relay_once()
    newest = checked.get("/api/task/1/history?page_size=1", headers=headers).json[0]
    checked.get("/api/task/2/history", headers=headers)
    checked.post_json("/api/task/1/undo", {"event_id": newest["event_id"]}, headers=headers)
    checked.post_json("/api/task/1/undo", {"event_id": newest["event_id"]}, headers=headers)
    checked.post_json("/api/task/1/undo", {"event_id": 99}, headers=headers)
    relay_once()
    checked.get("/api/sync?after=0&limit=5", headers=headers)
    checked.get("/api/sync", headers=headers)
    checked.get("/api/task/counts?by=assigned_to", headers=headers)
    checked.get("/api/task/counts?by=title", headers=headers)
    checked.get("/api/task-report-insight", headers=headers)
    checked.get("/api/task-report-insight?status=DONE", headers=headers)

    assert {
        *(("change_tasks", status) for status in (200, 400, 404, 409, 412)),
        *(("undo_task_event", status) for status in (200, 404, 412)),
        ("get_task_history", 200),
        ("get_changes", 200),
        *(("get_report", status) for status in (200, 400)),
    } <= contract.seen


def test_responses_about_users_are_documented(checked, contract, headers, make_user):
    root = make_user("root", is_admin=True).headers
    checked.get("/api/users?q=r", headers=headers)
    checked.get("/api/users", headers=root)
    for name in ("me", "1", "2", "77"):
        checked.get(f"/api/users/{name}", headers=headers)
    checked.patch_json("/api/users/me", {"first_name": "Ann"}, headers=headers)
    checked.patch_json("/api/users/2", {"first_name": "Ann"}, headers=headers)
    checked.put_json("/api/users/me", {"username": "root", "email": "ann@example.com"}, headers=headers)
    checked.get("/api/users/me/notifications", headers=headers)
    checked.patch_json("/api/users/me/notifications", {"due_soon": "off", "timezone": "Europe/Berlin"}, headers=headers)
    token = checked.post_json("/api/api-tokens", {"name": "n", "scopes": ["tasks:read"]}, headers=headers).json
    checked.get("/api/users/me", headers={"Authorization": f"Bearer {token['token']}"})
    checked.get("/api/api-tokens", headers=headers)
    checked.delete(f"/api/api-tokens/{token['id']}", headers=headers)
    checked.delete("/api/users/me", headers=headers)

    assert {
        *(("get_user", status) for status in (200, 403, 404)),
        *(("change_user", status) for status in (200, 403)),
        ("replace_user", 409),
        ("list_users", 200),
        ("delete_user", 200),
        ("get_mail_preferences", 200),
        ("change_mail_preferences", 200),
        ("create_api_token", 201),
        ("list_api_tokens", 200),
        ("delete_api_token", 200),
    } <= contract.seen


@pytest.mark.parametrize("path", ["/api/health", "/api/ready", "/metrics", "/api/openapi.json", "/api/docs"])
def test_documented_open_routes_respond_with_200(checked, path):
    assert checked.get(path).status_int == 200


def test_an_undocumented_key_is_detected(contract):
    task = {**Task.example, "secret": 1}

    with pytest.raises(ValueError, match="secret"):
        contract.require(task, {"$ref": "#/components/schemas/Task"})
