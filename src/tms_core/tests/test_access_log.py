"""The access log: one line per request, which clients cannot break, forge or fill with secrets."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyramid_retry import RetryableException
from webtest import TestApp

from tms_core.access_log import AccessLog, printable
from tms_core.app import configure
from tms_core.delayed_writer import STANDARD_ERROR
from tms_core.services.task_fast_path import TaskFastPath
from tms_testing.fixtures import Client

NOON = 1_800_000_000.25
JSON_LINE = {
    "event": "request",
    "method": "GET",
    "path": "/api/task?page=2",
    "status": 200,
    "duration_ms": 3.14,
    "user_id": 7,
    "address": "203.0.113.7",
    "request_id": "abc",
    "level": "info",
    "logger": "access",
    "process": "api",
    "timestamp": "2027-01-15T08:00:00.250Z",
}


@pytest.fixture(scope="module")
def packages():
    return ("tms_api", "tms_notifications")


@pytest.fixture(scope="module")
def settings():
    return {"tms.access_log": "true", "tms.log_format": "json", "tms.trusted_proxies": "10.0.0.1"}


@pytest.fixture
def lines(app, capfd):
    """Return a function that returns the access log lines written since its last call."""

    def read() -> list[dict]:
        STANDARD_ERROR.flush()
        return [json.loads(line) for line in capfd.readouterr().err.splitlines() if line.startswith('{"event"')]

    return read


def logged(log_format, *args, **kwargs):
    written = []
    AccessLog(log_format, "api", written.append, clock=lambda: NOON).log(*args, **kwargs)
    (line,) = written
    return line.decode()


def test_a_json_line_has_every_field():
    line = logged("json", "GET", "/api/task?page=2", 200, 0.0031415, address="203.0.113.7", user_id=7, request_id="abc")

    assert line.endswith("}\n")
    assert json.loads(line) == JSON_LINE


def test_a_text_line_has_every_field(monkeypatch):
    monkeypatch.delenv("TMS_SUPERVISED", raising=False)
    line = logged("text", "GET", "/api/task", 404, 0.0031415, address="", user_id=None, request_id=None)

    assert line == "2027-01-15T08:00:00.250Z GET /api/task 404 3.14 ms user=- address=- request_id=-\n"


def test_lines_of_a_merged_log_have_timestamps(monkeypatch):
    monkeypatch.setenv("TMS_SUPERVISED", "1")

    assert logged("text", "GET", "/", 200, 0, address="::1", user_id=7).startswith("GET / 200 0 ms user=7 address=::1 ")


@given(st.text(), st.text(), st.sampled_from(["text", "json"]))
def test_no_input_breaks_or_forges_a_line(method, target, log_format):
    line = logged(log_format, method, target, 200, 0, address="", request_id="abc")

    assert re.fullmatch(r"[ -~]+\n", line)
    if log_format == "json":
        assert json.loads(line)["path"] == printable(json.loads(line)["path"], 3000)
    else:
        assert line.count(" request_id=") == line.count(" user=") == 1


def test_long_targets_are_truncated():
    assert len(logged("json", "G" * 9000, "/" + "a/" * 9000, 200, 0, address="")) < 3000


def test_every_request_is_logged_once(client, lines):
    client.get("/api/task/?page_size=1", headers={"X-Request-ID": "abc", "X-Forwarded-For": "203.0.113.7"})
    client.post_json("/api/task", {"title": ""}, status=400)
    client.get("/api/task/1", headers={"Authorization": "Bearer nonsense"}, status=401)
    client.get("/nowhere", status=404)
    client.get("/api/health", headers={"Host": "a b"}, status=400)

    listing, *others = lines()
    assert listing["method"] == "GET"
    assert listing["path"] == "/api/task/?page_size=1"
    assert (listing["status"], listing["user_id"], listing["request_id"]) == (200, client.user.id, "abc")
    assert 0 < listing["duration_ms"] < 60_000
    assert [(line["path"], line["status"], line["user_id"]) for line in others] == [
        ("/api/task", 400, client.user.id),
        ("/api/task/1", 401, None),
        ("/nowhere", 404, None),
        ("/api/health", 400, None),
    ]


@pytest.mark.parametrize(("peer", "address"), [("10.0.0.1", "203.0.113.7"), ("198.51.100.1", "198.51.100.1")])
def test_the_client_address_is_taken_from_trusted_proxies(app, lines, peer, address):
    app.get("/api/health", headers={"X-Forwarded-For": "203.0.113.7"}, extra_environ={"REMOTE_ADDR": peer})

    assert [line["address"] for line in lines()] == [address]


def test_lines_contain_no_secrets_or_control_characters(app, lines):
    token = "7.assigned.c2VjcmV0"
    app.get(f"/api/notifications/unsubscribe?token={token}", status=400)
    app.get("/nowhere/%0A%0Dforged%1B[31m%00%C2%9B%25%22", status=404)
    app.get("/nowhere/%ff", status=404)
    app.get("/nowhere/a%3Ftoken=secret", status=404)

    assert [line["path"] for line in lines()] == [
        "/api/notifications/unsubscribe?token=[redacted]",
        "/nowhere/%0A%0Dforged%1B%5B31m%00%C2%9B%25%22",
        "/nowhere/%FF",
        "/nowhere/a%3Ftoken=secret",
    ]


def test_the_access_log_can_be_turned_off(ini, client, lines):
    config = configure(ini | {"tms.access_log": "false"}, web=True)
    quiet = Client(TestApp(config.make_wsgi_app()), client.user)

    quiet.get("/api/task")

    assert lines() == []
    config.registry.tms.close()


def test_a_retried_attempt_is_not_logged(client, lines, runtime, monkeypatch):
    attempts = []
    create = TaskFastPath.create

    def fail_once(self, values):
        attempts.append(values)
        if len(attempts) == 1:
            raise RetryableException
        return create(self, values)

    monkeypatch.setattr(TaskFastPath, "create", fail_once)
    client.post_json("/api/task", {"title": "One"})

    assert len(attempts) == 2
    assert [line["status"] for line in lines()] == [201]
