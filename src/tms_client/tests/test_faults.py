"""The behaviour of a client while the server or the network has faults."""

import socket
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from tms_client import (
    ConflictError,
    ConnectionFailedError,
    InvalidError,
    NotAuthenticatedError,
    NotFoundError,
    PreconditionFailedError,
    ProblemError,
    RateLimitedError,
    RetryPolicy,
    TmsClient,
    UnavailableError,
    UnexpectedAnswerError,
)

PATIENCE = 60.0
MISHAPS = ("hang up", "reset", "cut short")
BUSY = (429, {}, {"Retry-After": "7"})


@pytest.fixture
def client(http_server, clock):
    with TmsClient(http_server.url, token="any", clock=clock) as client:
        yield client


def keys(http_server):
    return {request.headers["Idempotency-Key"] for request in http_server.requests}


def test_temporary_failures_are_retried(client, http_server, clock):
    http_server.script = [503, 502, 504, *MISHAPS[:2], {"id": 1}]

    assert client.tasks.get(1) == {"id": 1}
    assert [request.path for request in http_server.requests] == ["/api/task/1"] * 6
    assert len(clock.pauses) == 5
    assert clock.pauses == sorted(clock.pauses)


def test_a_truncated_response_is_retried(client, http_server):
    http_server.script = ["cut short", {"id": 1}]

    assert client.tasks.get(1) == {"id": 1}


def test_a_silent_server_times_out(http_server, clock):
    http_server.script = ["silence", {"id": 1}]

    with TmsClient(http_server.url, token="any", timeout=0.2, clock=clock) as client:
        assert client.tasks.get(1) == {"id": 1}


def test_a_creation_is_retried_with_its_idempotency_key(client, http_server):
    http_server.script = [*MISHAPS, 503, (409, {}, {"Retry-After": "2"}), (201, {"id": 1}, {})]

    assert client.tasks.create(title="Once") == {"id": 1}
    assert len(http_server.requests) == 6
    assert len(keys(http_server)) == 1
    assert {request.json["title"] for request in http_server.requests} == {"Once"}


def test_creations_have_different_keys(client, http_server):
    http_server.script = [{}, {}]

    client.tasks.create(title="One")
    client.tasks.create(title="Two")

    assert len(keys(http_server)) == 2


@pytest.mark.parametrize("fault", [*MISHAPS, 503, (409, {}, {"Retry-After": "2"})])
def test_a_post_without_a_key_is_not_retried_after_a_lost_response(client, http_server, fault):
    http_server.script = [fault]

    with pytest.raises((ConnectionFailedError, UnavailableError, ConflictError)):
        client.request("POST", "/api/task-report-insight/jobs")
    assert len(http_server.requests) == 1


def test_a_post_with_the_callers_key_is_retried(client, http_server):
    http_server.script = ["reset", {"done": True}]

    assert client.request("POST", "/api/task", json={}, idempotency_key="mine") == {"done": True}
    assert keys(http_server) == {"mine"}


def test_a_rate_limited_handshake_is_retried_when_the_server_asks(client, http_server, clock):
    http_server.script = [BUSY, BUSY, {"done": True}]

    assert client.request("POST", "/api/anything") == {"done": True}
    assert [7 < pause < 8 for pause in clock.pauses] == [True, True]


def test_a_retry_never_waits_beyond_the_policy(client, http_server, clock):
    http_server.script = [(429, {}, {"Retry-After": "3600"})]

    with pytest.raises(RateLimitedError) as refused:
        client.tasks.get(1)

    assert refused.value.retry_after == 3600
    assert clock.pauses == []


@pytest.mark.parametrize(
    ("policy", "tries"),
    [(RetryPolicy(attempts=3), 3), (RetryPolicy(attempts=1), 1), (RetryPolicy(attempts=99, total_seconds=15), 3)],
)
def test_a_policy_limits_attempts_and_time(http_server, clock, policy, tries):
    http_server.script = [BUSY] * 100

    with TmsClient(http_server.url, token="any", retry=policy, clock=clock) as client, pytest.raises(RateLimitedError):
        client.tasks.get(1)
    assert len(http_server.requests) == tries


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, InvalidError),
        (404, NotFoundError),
        (409, ConflictError),
        (422, InvalidError),
        (500, ProblemError),
        (302, ProblemError),
    ],
)
def test_permanent_errors_are_not_retried(client, http_server, status, kind):
    http_server.script = [status]

    with pytest.raises(kind, match=f"{status} Scripted"):
        client.tasks.get(1)
    assert len(http_server.requests) == 1


def test_redirects_are_not_followed(client, http_server):
    http_server.script = [(302, {}, {"Location": "/elsewhere"}), {}]

    with pytest.raises(ProblemError, match="302 Found"):
        client.request("POST", "/api/task", idempotency_key="mine")
    assert len(http_server.requests) == 1


def test_a_list_that_became_shorter_ends(client, http_server):
    http_server.script = [{"results": [{"id": 1}], "next": "http://x/api/users?page=2"}, 404, 404]

    assert list(client.users.list()) == [{"id": 1}]
    with pytest.raises(NotFoundError):
        list(client.users.list())


def test_close_does_not_wait_for_an_unreachable_server(http_server, clock):
    http_server.script = [{"access": "a", "refresh": "r"}, {}, "hang up"]

    with TmsClient(http_server.url, username="ann", password="password123", clock=clock) as client:
        client.users.me()

    assert [request.path for request in http_server.requests] == ["/api/token", "/api/users/me", "/api/token/revoke"]
    assert clock.pauses == []


def test_a_token_may_end_with_a_line_break(http_server, clock):
    http_server.script = [{}]

    with TmsClient(http_server.url, token="tms_abc\n", clock=clock) as client:
        client.users.me()

    assert http_server.requests[0].headers["Authorization"] == "Bearer tms_abc"


def test_a_closed_port_is_a_failed_connection(clock):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    with (
        TmsClient(f"http://127.0.0.1:{port}", clock=clock) as client,
        pytest.raises(ConnectionFailedError, match="GET /api/task/1"),
    ):
        client.tasks.get(1)
    assert len(clock.pauses) == RetryPolicy().attempts - 1


def test_an_html_response_of_a_proxy_is_a_problem(client, http_server):
    http_server.script = [(404, "<html>nothing here</html>", {})]

    with pytest.raises(NotFoundError, match="404 Not Found") as refused:
        client.tasks.get(1)
    assert refused.value.document == {}


def test_a_response_that_is_not_json_raises(client, http_server):
    http_server.script = [(200, "<html>Please sign in to the hotel's network</html>", {})]

    with pytest.raises(UnexpectedAnswerError, match="without JSON"):
        client.tasks.get(1)


def test_a_retried_deletion_that_finds_nothing_has_succeeded(client, http_server):
    http_server.script = ["hang up", 404]

    client.tasks.delete(1)

    assert [request.method for request in http_server.requests] == ["DELETE", "DELETE"]
    http_server.script = [BUSY, 404]
    with pytest.raises(NotFoundError):
        client.tasks.delete(1)


def test_a_retried_account_deletion_that_finds_nothing_has_succeeded(client, http_server):
    http_server.script = ["reset", 404]

    client.users.delete(1)

    http_server.script = [404]
    with pytest.raises(NotFoundError):
        client.users.delete(1)


def test_a_retried_replacement_that_finds_its_own_change_has_succeeded(client, http_server):
    now = {"id": 1, "title": "Mine", "version": 4}
    gone_past = (412, {"current": now}, {})
    http_server.script = ["hang up", gone_past, gone_past, "hang up", gone_past]

    assert client.tasks.replace(1, 3, title="Mine") == now
    for version, title in ((3, "Mine"), (3, "Other")):
        with pytest.raises(PreconditionFailedError):
            client.tasks.replace(1, version, title=title)
    assert http_server.requests[0].headers["If-Match"] == '"3"'


def test_links_to_other_hosts_are_followed_on_the_own_server(client, http_server):
    elsewhere = "http://elsewhere.invalid/api/task?cursor=abc%3D&status=A&status=B"
    http_server.script = [{"results": [{"id": 1}], "next": elsewhere}, {"results": [{"id": 2}], "next": None}]

    assert [task["id"] for task in client.tasks.list()] == [1, 2]
    assert http_server.requests[1].path == "/api/task?cursor=abc%3D&status=A&status=B"


def test_a_rejected_token_is_renewed_once_for_all_threads(http_server, clock):
    all_refused = Barrier(4)

    def answer(request):
        match request.path, request.headers["Authorization"]:
            case "/api/token", _:
                return {"access": "old", "refresh": "first"}
            case "/api/token/refresh", _:
                return {"access": "new", "refresh": "second"}
            case _, "Bearer old":
                all_refused.wait(PATIENCE)
                return 401
        return {}

    http_server.script = answer
    with (
        TmsClient(http_server.url, username="ann", password="password123", clock=clock) as client,
        ThreadPoolExecutor(4) as threads,
    ):
        list(threads.map(lambda _: client.users.me(), range(4)))

    paths = [request.path for request in http_server.requests]
    assert (paths.count("/api/token"), paths.count("/api/token/refresh")) == (1, 1)
    assert (paths[-1], http_server.requests[-1].json) == ("/api/token/revoke", {"refresh": "second"})


def test_a_token_that_is_rejected_twice_raises(http_server, clock):
    pair = {"access": "a", "refresh": "r"}
    http_server.script = [pair, 401, pair, 401]

    with TmsClient(http_server.url, username="ann", password="password123", clock=clock) as client:
        with pytest.raises(NotAuthenticatedError):
            client.users.me()
        http_server.script = [{}]

    assert [request.path for request in http_server.requests[:4]] == [
        "/api/token",
        "/api/users/me",
        "/api/token/refresh",
        "/api/users/me",
    ]


def test_credentials_of_netrc_are_not_used(http_server, clock, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    http_server.script = [{}, {}]

    with TmsClient(http_server.url, token="any", clock=clock) as client:
        client.users.me()
    with TmsClient(http_server.url, clock=clock) as client:
        client.users.create(username="ann")

    assert [request.headers["Authorization"] for request in http_server.requests] == ["Bearer any", None]


def test_cookies_are_not_kept(client, http_server):
    http_server.script = [(200, {}, {"Set-Cookie": "a=b"}), {}]

    client.users.me()
    client.users.me()

    assert http_server.requests[1].headers["Cookie"] is None
