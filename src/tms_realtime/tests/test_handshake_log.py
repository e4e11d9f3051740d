"""A line for each handshake, from the real process."""

import json
import re

import pytest
from websockets.exceptions import InvalidStatus

from tms_core.auth.access_tokens import AccessClaims
from tms_local.embedded.ports import free_port
from tms_realtime.auth.tickets import issue


@pytest.fixture(scope="module")
def settings():
    return {
        "tms.access_log": "true",
        "tms.log_format": "json",
        "tms.trusted_proxies": "127.0.0.1",
        "tms.realtime.status_port": str(free_port()),
    }


def lines(realtime, path):
    """The access lines of a path, once there is one."""
    realtime.log.wait_for(rf'"event":"request",.*"path":"{re.escape(path)}')
    found = [json.loads(line) for line in realtime.log.text.splitlines() if '"event":"request"' in line]
    return [line for line in found if line["path"].startswith(path)]


def test_a_socket_that_opens_is_one_line_without_its_ticket(realtime, runtime, make_user, listen):
    user = make_user()
    ticket = issue(runtime.redis, AccessClaims(user.id, False, "session", 0, float("1e12")))

    listen(path=f"?ticket={ticket}&since=0")

    (line,) = lines(realtime, "/ws/tasks/?ticket=")
    assert line["path"] == "/ws/tasks/?ticket=[redacted]&since=0"
    assert (line["method"], line["status"], line["user_id"], line["process"]) == ("GET", 101, user.id, "realtime")
    assert line["address"] == "127.0.0.1"
    assert line["duration_ms"] >= 0
    assert ticket not in realtime.log.text


def test_a_socket_that_is_refused_is_one_line(realtime, listen):
    with pytest.raises(InvalidStatus):
        listen(path="?since=1")

    (line,) = lines(realtime, "/ws/tasks/?since=1")
    assert (line["method"], line["status"], line["user_id"]) == ("GET", 401, None)


def test_event_streams_are_logged_with_the_forwarded_address(realtime, make_user, stream):
    user = make_user()

    stream(user.access, query="?since=0", X_Forwarded_For="203.0.113.7")
    stream("nonsense", query="?since=2")

    (opened,) = lines(realtime, "/api/events?since=0")
    assert (opened["status"], opened["user_id"], opened["address"]) == (200, user.id, "203.0.113.7")
    (refused,) = lines(realtime, "/api/events?since=2")
    assert (refused["status"], refused["user_id"], refused["address"]) == (401, None, "127.0.0.1")
