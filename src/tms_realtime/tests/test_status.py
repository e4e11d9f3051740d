"""The status port."""

import re
import socket
from types import SimpleNamespace

import orjson
import pytest
from prometheus_client.parser import text_string_to_metric_families
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from tms_core.settings import CoreSettings
from tms_local.embedded.ports import free_port
from tms_realtime.status import Status
from tms_realtime.wire.http_request import HttpRequest
from tms_realtime.wire.status_port import MAX_CONNECTIONS, StatusProtocol

TOKEN = "metrics-token"
PRODUCTION = {
    "database_url": "postgresql://tms@db/tms",
    "redis_url": "redis://redis",
    "public_url": "https://tasks.example.com",
    "jwt_private_key": "5f0c2a9be3d144778a7e0d9a3c1b2f4e",
    "metrics_token": TOKEN,
}


@pytest.fixture(scope="module")
def settings():
    return {
        "tms.realtime.anonymous": "true",
        "tms.realtime.status_port": str(free_port()),
        "tms.metrics.token": TOKEN,
    }


@pytest.fixture
def production():
    """The port's answers in production."""
    core = CoreSettings(environment="production", **PRODUCTION)
    return Status(SimpleNamespace(core=core), {}, lambda: None)


@pytest.fixture
def status(runtime):
    """Creates a `Status` with the given availability of its dependencies."""

    def make(**checks: bool) -> Status:
        return Status(
            runtime, {name: lambda is_there=is_there: is_there for name, is_there in checks.items()}, lambda: None
        )

    return make


def answered(status: Status, path: str, *, verb: str = "GET", peer: str = "127.0.0.1", **headers: str):
    head, _, body = status.respond(HttpRequest(verb, path, path, {}, headers), peer).partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    return int(first.split()[1]), dict(line.split(": ", 1) for line in lines), body


@pytest.mark.parametrize("path", ["/api/ready", "/api/ready/"])
def test_a_process_is_ready_if_its_dependencies_are_available(path, status):
    code, headers, body = answered(status(database=True, redis=True), path)

    assert (code, headers["Content-Type"]) == (200, "application/json")
    assert orjson.loads(body) == {"status": "ok", "checks": {"database": "ok", "redis": "ok"}}


@pytest.mark.parametrize(
    ("database", "redis", "code", "word"),
    [
        (True, False, 200, "degraded"),
        (False, True, 503, "unavailable"),
        (False, False, 503, "unavailable"),
    ],
)
def test_an_unready_process_names_the_missing_dependency(database, redis, code, word, status):
    found, headers, body = answered(status(database=database, redis=redis), "/api/ready")

    assert found == code
    assert headers.get("Retry-After") == ("5" if code == 503 else None)
    states = {True: "ok", False: "does not answer"}
    assert orjson.loads(body) == {
        "status": word,
        "checks": {"database": states[database], "redis": states[redis]},
    }
    assert answered(status(database=database, redis=redis), "/api/health")[0] == 200


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        ({}, 401),
        ({"authorization": f"Bearer {TOKEN}"}, 200),
        ({"authorization": f"bearer  {TOKEN} "}, 200),
        ({"authorization": f"Basic {TOKEN}"}, 401),
        ({"authorization": f"Bearer {TOKEN}x"}, 401),
        ({"authorization": "Bearer "}, 401),
        ({"authorization": "Bearer \xe9"}, 401),
    ],
)
def test_remote_metrics_require_the_token(authorization, code, status):
    found, headers, _ = answered(status(), "/metrics", peer="203.0.113.7", **authorization)

    assert found == code
    assert headers.get("WWW-Authenticate") == ("Bearer" if code == 401 else None)


def test_local_metrics_require_the_token_in_production(production):
    assert answered(production, "/metrics")[0] == 401
    assert answered(production, "/metrics", authorization=f"Bearer {TOKEN}")[0] == 200
    assert answered(production, "/api/ready")[0] == 200


def test_remote_metrics_are_forbidden_if_no_token_is_set(monkeypatch, status, runtime):
    monkeypatch.setitem(runtime.groups, CoreSettings, runtime.core.model_copy(update={"metrics_token": None}))

    code, _, body = answered(status(), "/metrics", peer="203.0.113.7", authorization=f"Bearer {TOKEN}")

    assert code == 403
    assert b"tms.metrics.token" in body


def test_other_paths_and_methods_are_rejected(status):
    assert answered(status(), "/")[0] == 404
    assert answered(status(), "/metrics", verb="POST")[:1] == (405,)
    assert answered(status(), "/metrics", verb="POST")[1]["Allow"] == "GET, HEAD"


def test_head_is_get_without_the_body(status):
    whole, head = (answered(status(redis=False), "/api/ready", verb=verb) for verb in ("GET", "HEAD"))

    assert head == (*whole[:2], b"")
    assert whole[2]


def test_the_process_serves_metrics_and_health(realtime, listen, publish, event):
    listener = listen()
    (published,) = publish(event())
    assert listener.message()["event_id"] == published.position
    assert listener.receives_nothing()

    code, headers, body = realtime.ask("/metrics")

    assert code == 200
    assert headers["Content-Type"].startswith("text/plain")
    samples = {
        (sample.name, sample.labels.get("kind")): sample.value
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    }
    assert samples["tms_realtime_connections", "websocket"] == 1
    assert samples["tms_realtime_position", None] == published.position
    assert samples["tms_realtime_following", None] == 1
    assert samples["tms_realtime_messages_sent_total", None] >= 1
    assert samples["tms_realtime_events_total", None] >= 1
    assert samples["tms_realtime_lag_seconds_count", None] >= 1
    assert orjson.loads(realtime.ask("/api/health")[2]) == {"status": "ok"}
    assert realtime.ask("/api/ready")[0] == 200


def test_requests_through_a_local_proxy_count_as_remote(realtime):
    code, headers, body = realtime.ask("/metrics", x_forwarded_for="203.0.113.7")

    assert (code, headers["WWW-Authenticate"]) == (401, "Bearer")
    assert b"tms.metrics.token" in body
    assert realtime.ask("/metrics", x_forwarded_for="203.0.113.7", authorization=f"Bearer {TOKEN}")[0] == 200
    assert realtime.ask("/api/ready", x_forwarded_for="203.0.113.7")[0] == 200


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\n\r\n", 400),
        (b"GET /api/health HTTP/1.1\r\n\r\n", 400),
        (b"GET /api/health HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
        (b"GET /api/health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET /api/health HTTP/1.0\r\n\r\n", 200),
        (b"GET / HTTP/1.1\r\nCookie: " + b"x" * 20_000, 431),
    ],
)
def test_malformed_requests_are_rejected(data, code, realtime):
    with socket.create_connection(("127.0.0.1", realtime.status_port), timeout=60) as connection:
        connection.sendall(data)
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))

    assert answer.startswith(b"HTTP/1.1 %d " % code)


def test_the_oldest_of_too_many_connections_is_aborted(status):
    connections, transports = {}, [StringTransport() for _ in range(MAX_CONNECTIONS + 2)]

    for transport in transports:
        StatusProtocol(status().respond, Clock(), connections).makeConnection(transport)

    assert [transport.disconnected for transport in transports] == [True] * 2 + [False] * MAX_CONNECTIONS
    assert len(connections) == MAX_CONNECTIONS


def test_an_occupied_status_port_is_only_a_warning(realtime, start_realtime, listen):
    other = start_realtime(**{"tms.realtime.status_port": str(realtime.status_port)})

    where = f"127.0.0.1:{realtime.status_port} (tms.realtime.status_port)"
    other.log.wait_for(re.escape(f"no metrics and health on {where}"))
    assert listen(to=other).receives_nothing()
