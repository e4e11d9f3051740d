"""Preconditions (RFC 9110, section 13) on every method, and Cache-Control on every response."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

import pytest
from request_table import ADMINISTRATIVE, MAILED, PERSONAL, READING, REQUESTS, WRITING
from sqlalchemy import text
from webtest import TestApp

from tms_core.errors import InvalidError
from tms_core.web.openapi.paths import path_of
from tms_core.web.preconditions import read_tags
from tms_core.web.resource import methods_of
from tms_notifications.models import MailKind, MailStatus, NotificationMail
from tms_reports.models import JobStatus, ReportJob, ReportSchedule
from tms_testing.fixtures import Client
from tms_webhooks.models import DeliveryStatus, WebhookDelivery

YESTERDAY, TOMORROW = (
    format_datetime(datetime.now(UTC).replace(microsecond=0) + timedelta(days=days), usegmt=True) for days in (-1, 1)
)
FOREIGN = '"of-something-else"'


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
