"""Preconditions (RFC 9110, section 13) on every method, and Cache-Control on every response."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

import pytest
from sqlalchemy import text
from webtest import TestApp

from tms_core.errors import InvalidError
from tms_core.web.openapi.paths import path_of
from tms_core.web.preconditions import read_tags
from tms_core.web.resource import methods_of
from tms_notifications.models import MailKind, MailStatus, NotificationMail
from tms_reports.models import JobStatus, ReportJob, ReportSchedule
from tms_testing.fixtures import PASSWORD, Client
from tms_webhooks.models import DeliveryStatus, WebhookDelivery

YESTERDAY, TOMORROW = (
    format_datetime(datetime.now(UTC).replace(microsecond=0) + timedelta(days=days), usegmt=True) for days in (-1, 1)
)
FOREIGN = '"of-something-else"'
# A successful request for every method of every resource: path and body.
REQUESTS = {
    "GET /api": ("/api", None),
    "GET /api/health": ("/api/health", None),
    "GET /api/ready": ("/api/ready", None),
    "GET /metrics": ("/metrics", None),
    "GET /api/openapi.json": ("/api/openapi.json", None),
    "GET /api/docs": ("/api/docs", None),
    "GET /tms-client.js": ("/tms-client.js", None),
    "POST /api/token": ("/api/token", {"username": "ann", "password": PASSWORD}),
    "POST /api/token/refresh": ("/api/token/refresh", {"refresh": "{refresh}"}),
    "POST /api/token/revoke": ("/api/token/revoke", {"refresh": "{refresh}"}),
    "POST /api/token/revoke-all": ("/api/token/revoke-all", None),
    "POST /api/web-session": ("/api/web-session", {"username": "ann", "password": PASSWORD}),
    "POST /api/web-session/refresh": ("/api/web-session/refresh", None),
    "DELETE /api/web-session": ("/api/web-session", None),
    "GET /api/sessions": ("/api/sessions", None),
    "DELETE /api/sessions/{id}": ("/api/sessions/{session}", None),
    "GET /api/api-tokens": ("/api/api-tokens", None),
    "POST /api/api-tokens": ("/api/api-tokens", {"name": "n", "scopes": ["tasks:read"]}),
    "DELETE /api/api-tokens/{id}": ("/api/api-tokens/1", None),
    "GET /api/users": ("/api/users", None),
    "POST /api/users": ("/api/users", {"username": "new", "email": "new@example.com", "password": PASSWORD}),
    "GET /api/users/{id}": ("/api/users/me", None),
    "PUT /api/users/{id}": ("/api/users/me", {"username": "ann", "email": "ann@example.com", "first_name": "A"}),
    "PATCH /api/users/{id}": ("/api/users/me", {"first_name": "A"}),
    "DELETE /api/users/{id}": ("/api/users/me", None),
    "POST /api/users/{id}/password-reset": ("/api/users/me/password-reset", None),
    "POST /api/users/{id}/password-reset-link": ("/api/users/me/password-reset-link", None),
    "POST /api/users/{id}/revoke-all": ("/api/users/me/revoke-all", None),
    "GET /api/users/me/notifications": ("/api/users/me/notifications", None),
    "PATCH /api/users/me/notifications": ("/api/users/me/notifications", {"due_soon": "off"}),
    "GET /api/users/me/notifications/log": ("/api/users/me/notifications/log", None),
    "GET /api/users/{id}/notifications/log": ("/api/users/1/notifications/log", None),
    "GET /api/notifications": ("/api/notifications", None),
    "POST /api/notifications/read": ("/api/notifications/read", {"ids": [1]}),
    "POST /api/notifications/archive": ("/api/notifications/archive", {"all": True}),
    "POST /api/notifications/unread": ("/api/notifications/unread", {"ids": [1]}),
    "POST /api/notifications/unarchive": ("/api/notifications/unarchive", {"ids": [1]}),
    "GET /api/users/me/muted-tasks": ("/api/users/me/muted-tasks", None),
    "GET /api/task/{id}/mute": ("/api/task/1/mute", None),
    "PUT /api/task/{id}/mute": ("/api/task/1/mute", None),
    "DELETE /api/task/{id}/mute": ("/api/task/1/mute", None),
    "GET /api/task": ("/api/task", None),
    "POST /api/task": ("/api/task", {"title": "new"}),
    "POST /api/task/bulk": ("/api/task/bulk", {"operations": [{"op": "create", "task": {"title": "new"}}]}),
    "GET /api/task/{id}": ("/api/task/1", None),
    "PUT /api/task/{id}": ("/api/task/1", {"title": "new"}),
    "PATCH /api/task/{id}": ("/api/task/1", {"title": "new"}),
    "DELETE /api/task/{id}": ("/api/task/1", None),
    "GET /api/task/{id}/history": ("/api/task/1/history", None),
    "POST /api/task/{id}/undo": ("/api/task/1/undo", {"event_id": 2}),
    "GET /api/task/counts": ("/api/task/counts?by=status", None),
    "GET /api/views": ("/api/views", None),
    "POST /api/views": ("/api/views", {"name": "new", "page": "/tasks"}),
    "GET /api/views/{id}": ("/api/views/1", None),
    "PATCH /api/views/{id}": ("/api/views/1", {"name": "new name"}),
    "DELETE /api/views/{id}": ("/api/views/1", None),
    "GET /api/sync": ("/api/sync", None),
    "GET /api/task-report-insight": ("/api/task-report-insight", None),
    "GET /api/task-report-insight/trend": ("/api/task-report-insight/trend", None),
    "GET /api/task-report-insight/burndown": ("/api/task-report-insight/burndown", None),
    "GET /api/task-report-insight/cycle-time": ("/api/task-report-insight/cycle-time", None),
    "GET /api/task-report-insight/workload": ("/api/task-report-insight/workload", None),
    "GET /api/task-report-insight/aging": ("/api/task-report-insight/aging", None),
    "GET /api/task-report-insight/jobs": ("/api/task-report-insight/jobs", None),
    "POST /api/task-report-insight/jobs": ("/api/task-report-insight/jobs", {"report": "aging"}),
    "GET /api/task-report-insight/jobs/{id}": ("/api/task-report-insight/jobs/1", None),
    "DELETE /api/task-report-insight/jobs/{id}": ("/api/task-report-insight/jobs/1", None),
    "GET /api/task-report-insight/jobs/{id}/result": ("/api/task-report-insight/jobs/1/result", None),
    "GET /api/task-report-insight/schedules": ("/api/task-report-insight/schedules", None),
    "POST /api/task-report-insight/schedules": (
        "/api/task-report-insight/schedules",
        {"name": "n", "cron": "0 8 * * *", "report": "aging"},
    ),
    "GET /api/task-report-insight/schedules/{id}": ("/api/task-report-insight/schedules/1", None),
    "PATCH /api/task-report-insight/schedules/{id}": ("/api/task-report-insight/schedules/1", {"is_paused": True}),
    "DELETE /api/task-report-insight/schedules/{id}": ("/api/task-report-insight/schedules/1", None),
    "POST /api/task-report-insight/schedules/{id}/run": ("/api/task-report-insight/schedules/1/run", None),
    "POST /api/ws-ticket": ("/api/ws-ticket", None),
    "POST /api/email-verification": ("/api/email-verification", None),
    "POST /api/password-reset": ("/api/password-reset", {"email": "ann@example.com"}),
    "GET /api/email-verification/confirm": ("/api/email-verification/confirm", None),
    "GET /api/password-reset/confirm": ("/api/password-reset/confirm", None),
    "GET /api/email-change/undo": ("/api/email-change/undo", None),
    "GET /api/webhooks": ("/api/webhooks", None),
    "POST /api/webhooks": ("/api/webhooks", {"url": "https://hooks.example.com/"}),
    "GET /api/webhooks/{id}": ("/api/webhooks/1", None),
    "PATCH /api/webhooks/{id}": ("/api/webhooks/1", {"description": "new"}),
    "DELETE /api/webhooks/{id}": ("/api/webhooks/1", None),
    "POST /api/webhooks/{id}/rotate-secret": ("/api/webhooks/1/rotate-secret", {}),
    "POST /api/webhooks/{id}/test": ("/api/webhooks/1/test", None),
    "POST /api/webhooks/{id}/replay": ("/api/webhooks/1/replay", {"since": 0}),
    "GET /api/webhooks/{id}/deliveries": ("/api/webhooks/1/deliveries", None),
    "POST /api/webhooks/{id}/deliveries/{delivery}/retry": ("/api/webhooks/1/deliveries/3/retry", None),
    "GET /api/admin/settings": ("/api/admin/settings", None),
    "GET /api/admin/system": ("/api/admin/system", None),
    "GET /api/admin/doctor": ("/api/admin/doctor", None),
    "GET /api/admin/mails": ("/api/admin/mails", None),
    "POST /api/admin/mails/{id}/retry": ("/api/admin/mails/1/retry", None),
    "POST /api/admin/mails/retry": ("/api/admin/mails/retry", {"ids": [1]}),
}
# These need a token from a mail, or the code of the first start.
MAILED = {
    "POST /api/email-change/undo", "POST /api/email-verification/confirm", "POST /api/password-reset/confirm",
    "POST /api/web-session/first-account", "GET /api/notifications/unsubscribe", "POST /api/notifications/unsubscribe",
}  # fmt: skip
# Only administrators may send these.
ADMINISTRATIVE = {one for one in REQUESTS if "/api/admin/" in one or one.startswith("POST /api/users/{id}/")}
READING = sorted(one for one in REQUESTS if one.startswith("GET "))
WRITING = sorted(one for one in REQUESTS if not one.startswith("GET "))
# Requests whose responses are private.
PRIVATE = (
    *("users", "token", "sessions", "ticket", "sync", "report", "admin", "counts", "notifications", "mute"),
    "webhooks",
)
PERSONAL = [one for one in REQUESTS if any(part in one for part in PRIVATE)]


def _has_a_representation(name: str) -> bool:
    """Return whether the target has a representation before the request."""
    return not name.startswith("POST ") or name.replace("POST", "GET") in REQUESTS


@pytest.fixture
def ann(app, runtime, make_user, relay_once):
    """A user with a task of two versions, a personal token, a session, a schedule and a finished report job."""
    ann = Client(app, make_user("ann"))
    ann.post_json("/api/task", {"title": "T"})
    ann.patch_json("/api/task/1", {"title": "U"})
    ann.post_json("/api/api-tokens", {"name": "n", "scopes": ["tasks:read"]})
    ann.post_json("/api/views", {"name": "n", "page": "/tasks"})
    with runtime.transaction() as session:
        end = {"status": JobStatus.DONE, "result": b"{}"}
        schedule = {"cron": "0 8 * * *", "timezone": "UTC", "report": "aging", "parameters": {}, "format": "csv"}
        session.add(ReportSchedule(user_id=ann.user.id, name="n", recipients=[ann.user.id], **schedule))
        session.add(ReportJob(user_id=ann.user.id, report="aging", parameters={}, format="json", **end))
    ann.post_json("/api/webhooks", {"url": "https://hooks.example.com/"})
    relay_once()
    return ann


@pytest.fixture
def root(runtime, make_user, ann):
    """An administrator, with a failed mail and a dead letter to retry."""
    with runtime.transaction() as session:
        mail = NotificationMail(key="k", user_id=ann.user.id, kind=MailKind.ASSIGNED, context={}, message_id="<m@x>")
        mail.status, mail.reason = MailStatus.FAILED, "550"
        session.add(mail)
        session.add(WebhookDelivery(webhook_id=1, type="task.created", status=DeliveryStatus.DEAD))
    return make_user("root", is_admin=True)


@pytest.fixture
def send(app, ann, root):
    """Return a function that sends a request of REQUESTS with additional headers."""
    session = ann.get("/api/sessions").json["results"][0]["id"]

    def run(name, verb="", **headers):
        path, body = REQUESTS[name]
        if body and "{refresh}" in body.values():
            body = {"refresh": ann.user.refresh}
        own = root.headers if name in ADMINISTRATIVE else ann.user.headers
        own = {} if name == "POST /api/users" else own
        extra = {"headers": {**own, **{key.replace("_", "-"): value for key, value in headers.items()}}}
        if body is not None:
            extra |= {"params": json.dumps(body), "content_type": "application/json"}
        # As a page of the web UI, which its sessions are for.
        extra["headers"] |= {"Origin": "http://localhost", "Cookie": f"tms_refresh={ann.user.refresh}"}
        one = TestApp(app.app, extra_environ={"REMOTE_ADDR": "127.0.0.1"})
        method = (verb or name.partition(" ")[0]).lower()
        return getattr(one, method)(path.format(session=session), expect_errors=True, **extra)

    return run


@pytest.fixture
def state(runtime):
    """Return a function that returns a digest of the tables that reads do not change."""

    def digest():
        with runtime.engine.connect() as connection:
            tables = (
                "task", "users", "personal_token", "refresh_token", "task_event", "notification_mail",
                "webhook_delivery",
            )  # fmt: skip
            return [
                connection.execute(
                    text(f"SELECT count(*), md5(string_agg(t::text, '' ORDER BY id)) FROM {name} t")
                ).one()
                for name in tables
            ]

    return digest


def test_every_method_of_every_resource_is_listed_here(app):
    known = {f"{one.verb} {path_of(one.pattern)}" for one in methods_of(app.app.registry)}

    assert known - MAILED <= REQUESTS.keys()


@pytest.mark.parametrize("name", READING + WRITING)
def test_every_response_has_cache_control(send, name):
    answer = send(name)

    assert answer.status_int // 100 == 2, answer.text
    assert answer.headers["Cache-Control"]
    if name in PERSONAL:
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("verb", ["get", "post", "put", "patch", "delete", "options", "head"])
@pytest.mark.parametrize("path", ["/api/nothing", "/api/task", "/api/task/9", "/api/users/me", "/api/task/abc"])
def test_every_error_has_cache_control(app, verb, path):
    assert getattr(app, verb)(path, expect_errors=True).headers["Cache-Control"] in ("no-store", "private, no-cache")


def test_tasks_are_cached_privately_and_revalidated(ann):
    for path in ("/api/task", "/api/task/1", "/api/task/1/history"):
        assert ann.get(path).headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("verb", ["get", "head"])
@pytest.mark.parametrize("name", READING)
def test_reads_evaluate_each_precondition(send, name, verb):
    tag = send(name).headers.get("ETag")

    def status(**headers):
        return send(name, verb, **headers).status_int

    assert status(If_Match=FOREIGN) == 412
    assert status(If_Match="*") == 200
    assert status(If_None_Match="*") == 304
    assert status(If_None_Match=FOREIGN) == 200
    assert status(Range="bytes=0-1") == 200
    assert status(Range="bytes=0-1", If_Range=FOREIGN) == 200
    assert status(If_Modified_Since="yesterday", If_Unmodified_Since="soon") == 200
    if tag and name != "GET /api/task-report-insight":
        assert status(If_None_Match=tag) == 304
        assert status(If_None_Match=f"{FOREIGN}, W/{tag}") == 304
        assert status(If_Match=f"{FOREIGN}, {tag}") == 200
        # If-Match precedes If-None-Match; dates are used only without tags.
        assert status(If_Match=FOREIGN, If_None_Match=tag) == 412
        assert status(If_Match=tag, If_None_Match=tag, If_Unmodified_Since=YESTERDAY) == 304
        assert status(If_None_Match=FOREIGN, If_Modified_Since=TOMORROW) == 200


def test_reading_a_task_evaluates_dates(send):
    modified = send("GET /api/task/{id}").headers["Last-Modified"]
    earlier = format_datetime(parsedate_to_datetime(modified) - timedelta(seconds=1), usegmt=True)

    def status(**headers):
        return send("GET /api/task/{id}", **headers).status_int

    assert status(If_Modified_Since=modified) == 304
    assert status(If_Modified_Since=earlier) == 200
    assert status(If_Unmodified_Since=modified) == 200
    assert status(If_Unmodified_Since=earlier) == 412
    assert status(If_Match='"2"', If_Unmodified_Since=earlier) == 200


def test_a_304_has_the_tag_and_no_body(send):
    answer = send("GET /api/task/{id}", If_None_Match='"2"')

    assert (answer.status_int, answer.body) == (304, b"")
    assert answer.headers["ETag"] == '"2"'
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert answer.headers["Last-Modified"]


@pytest.mark.parametrize("name", WRITING)
def test_a_write_with_a_failed_precondition_is_412_and_changes_nothing(send, state, name):
    before = state()

    answer = send(name, If_Match=FOREIGN)

    assert answer.status_int == 412, answer.text
    assert answer.content_type == "application/problem+json"
    assert state() == before
    if _has_a_representation(name):
        assert send(name, If_None_Match="*").status_int == 412
        assert state() == before


@pytest.mark.parametrize("name", WRITING)
def test_a_write_with_fulfilled_preconditions_succeeds(send, name):
    headers = {"If_Match": "*"} if _has_a_representation(name) else {"If_None_Match": "*"}

    answer = send(name, **headers, If_Modified_Since=TOMORROW, Range="bytes=0-1")

    assert answer.status_int // 100 == 2, answer.text


@pytest.mark.parametrize("name", ["PUT /api/task/{id}", "PATCH /api/task/{id}", "DELETE /api/task/{id}"])
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"If_Match": '"2"'}, 200),
        ({"If_Match": 'W/"2"'}, 200),
        ({"If_Match": "2"}, 200),
        ({"If_Match": '"9", "2"'}, 200),
        ({"If_Match": '"x", "2"'}, 200),
        ({"If_Match": '"x", "y"'}, 412),
        ({"If_Match": '"1"'}, 412),
        ({"If_None_Match": '"2"'}, 412),
        ({"If_None_Match": '"1"'}, 200),
        ({"If_Unmodified_Since": YESTERDAY}, 412),
        ({"If_Unmodified_Since": TOMORROW}, 200),
        ({"If_Unmodified_Since": "never"}, 200),
        ({"If_Match": '"2"', "If_Unmodified_Since": YESTERDAY}, 200),
        ({"If_Match": '"2"', "If_None_Match": '"2"'}, 412),
    ],
)
def test_writing_a_task_evaluates_versions_and_dates(send, ann, name, headers, status):
    answer = send(name, **headers)

    assert answer.status_int == status
    if status == 412:
        assert answer.json["current"]["version"] == 2
        assert ann.get("/api/task/1").json["title"] == "U"


@pytest.mark.parametrize("name", ["PUT /api/users/{id}", "PATCH /api/users/{id}", "DELETE /api/users/{id}"])
def test_writing_a_user_evaluates_its_tag(send, ann, name):
    tag = ann.get("/api/users/me").headers["ETag"]
    ann.patch_json("/api/users/me", {"last_name": "Lee"})

    assert send(name, If_Match=tag).status_int == 412
    assert ann.get("/api/users/me").json["first_name"] == ""
    assert send(name, If_Match=ann.get("/api/users/me").headers["ETag"]).status_int == 200


@pytest.mark.parametrize(("path", "status"), [("/api/task/99", 404), ("/api/users/2", 403), ("/api/api-tokens/9", 404)])
def test_other_errors_precede_preconditions(ann, make_user, path, status):
    make_user("bob")

    ann.delete(path, headers={"If-None-Match": "*", "If-Unmodified-Since": YESTERDAY}, status=status)


@pytest.mark.parametrize(
    ("header", "tags"),
    [
        ("*", {"*"}),
        ('"1"', {'"1"'}),
        ('W/"1" ,, "a b"', None),
        ('"1",\t"x;y", W/""', {'"1"', '"x;y"', '""'}),
        (', "1",', {'"1"'}),
        ("12", {'"12"'}),
        ('"1" "2"', None),
        ("", None),
    ],
)
def test_entity_tags_are_parsed_as_a_list(header, tags):
    if tags is None:
        with pytest.raises(InvalidError):
            read_tags(header)
    else:
        assert read_tags(header) == tags
