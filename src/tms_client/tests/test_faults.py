"""What a client does when the server, or the way to it, has a fault."""

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
def client(stage, clock):
    with TmsClient(stage.url, token="any", clock=clock) as client:
        yield client


def keys(stage):
    return {asked.headers["Idempotency-Key"] for asked in stage.asked}


def test_what_failed_for_the_moment_is_tried_again(client, stage, clock):
    stage.script = [503, 502, 504, *MISHAPS[:2], {"id": 1}]

    assert client.tasks.get(1) == {"id": 1}
    assert [asked.path for asked in stage.asked] == ["/api/task/1"] * 6
    assert len(clock.pauses) == 5
    assert clock.pauses == sorted(clock.pauses)


def test_an_answer_that_is_cut_short_is_none(client, stage):
    stage.script = ["cut short", {"id": 1}]

    assert client.tasks.get(1) == {"id": 1}


def test_a_server_that_is_silent_is_not_waited_for(stage, clock):
    stage.script = ["silence", {"id": 1}]

    with TmsClient(stage.url, token="any", timeout=0.2, clock=clock) as client:
        assert client.tasks.get(1) == {"id": 1}


def test_a_creation_is_sent_again_under_its_key(client, stage):
    stage.script = [*MISHAPS, 503, (409, {}, {"Retry-After": "2"}), (201, {"id": 1}, {})]

    assert client.tasks.create(title="Once") == {"id": 1}
    assert len(stage.asked) == 6
    assert len(keys(stage)) == 1
    assert {asked.json["title"] for asked in stage.asked} == {"Once"}


def test_creations_have_keys_that_differ(client, stage):
    stage.script = [{}, {}]

    client.tasks.create(title="One")
    client.tasks.create(title="Two")

    assert len(keys(stage)) == 2


@pytest.mark.parametrize("fault", [*MISHAPS, 503, (409, {}, {"Retry-After": "2"})])
def test_a_post_without_a_key_is_sent_once_where_it_may_have_been_done(client, stage, fault):
    stage.script = [fault]

    with pytest.raises((ConnectionFailedError, UnavailableError, ConflictError)):
        client.request("POST", "/api/task-report-insight/jobs")
    assert len(stage.asked) == 1


def test_a_post_with_a_key_of_ones_own_is_sent_again(client, stage):
    stage.script = ["reset", {"done": True}]

    assert client.request("POST", "/api/task", json={}, idempotency_key="mine") == {"done": True}
    assert keys(stage) == {"mine"}


def test_who_comes_too_often_waits_as_long_as_the_server_asks_for(client, stage, clock):
    stage.script = [BUSY, BUSY, {"done": True}]

    assert client.request("POST", "/api/anything") == {"done": True}
    assert [7 < pause < 8 for pause in clock.pauses] == [True, True]


def test_nobody_waits_beyond_the_policy(client, stage, clock):
    stage.script = [(429, {}, {"Retry-After": "3600"})]

    with pytest.raises(RateLimitedError) as refused:
        client.tasks.get(1)

    assert refused.value.retry_after == 3600
    assert clock.pauses == []


@pytest.mark.parametrize(
    ("policy", "tries"),
    [(RetryPolicy(attempts=3), 3), (RetryPolicy(attempts=1), 1), (RetryPolicy(attempts=99, total_seconds=15), 3)],
)
def test_a_policy_bounds_tries_and_time(stage, clock, policy, tries):
    stage.script = [BUSY] * 100

    with TmsClient(stage.url, token="any", retry=policy, clock=clock) as client, pytest.raises(RateLimitedError):
        client.tasks.get(1)
    assert len(stage.asked) == tries


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
def test_what_cannot_succeed_later_is_not_tried_again(client, stage, status, kind):
    stage.script = [status]

    with pytest.raises(kind, match=f"{status} As told"):
        client.tasks.get(1)
    assert len(stage.asked) == 1


def test_one_is_not_led_elsewhere(client, stage):
    stage.script = [(302, {}, {"Location": "/elsewhere"}), {}]

    with pytest.raises(ProblemError, match="302 Found"):
        client.request("POST", "/api/task", idempotency_key="mine")
    assert len(stage.asked) == 1


def test_a_list_that_became_shorter_meanwhile_is_at_its_end(client, stage):
    stage.script = [{"results": [{"id": 1}], "next": "http://x/api/users?page=2"}, 404, 404]

    assert list(client.users.list()) == [{"id": 1}]
    with pytest.raises(NotFoundError):
        list(client.users.list())


def test_who_logs_out_does_not_wait_for_a_server_that_is_away(stage, clock):
    stage.script = [{"access": "a", "refresh": "r"}, {}, "hang up"]

    with TmsClient(stage.url, username="ann", password="password123", clock=clock) as client:
        client.users.me()

    assert [asked.path for asked in stage.asked] == ["/api/token", "/api/users/me", "/api/token/revoke"]
    assert clock.pauses == []


def test_a_token_from_a_file_may_end_its_line(stage, clock):
    stage.script = [{}]

    with TmsClient(stage.url, token="tms_abc\n", clock=clock) as client:
        client.users.me()

    assert stage.asked[0].headers["Authorization"] == "Bearer tms_abc"


def test_where_nobody_listens_the_error_says_so(clock):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    with (
        TmsClient(f"http://127.0.0.1:{port}", clock=clock) as client,
        pytest.raises(ConnectionFailedError, match="GET /api/task/1"),
    ):
        client.tasks.get(1)
    assert len(clock.pauses) == RetryPolicy().attempts - 1


def test_a_proxys_answer_in_html_is_a_problem_too(client, stage):
    stage.script = [(404, "<html>nothing here</html>", {})]

    with pytest.raises(NotFoundError, match="404 Not Found") as refused:
        client.tasks.get(1)
    assert refused.value.document == {}


def test_an_answer_that_no_tms_gives_is_told(client, stage):
    stage.script = [(200, "<html>Please sign in to the hotel's network</html>", {})]

    with pytest.raises(UnexpectedAnswerError, match="without JSON"):
        client.tasks.get(1)


def test_a_deletion_whose_answer_was_lost_is_done(client, stage):
    stage.script = ["hang up", 404]

    client.tasks.delete(1)

    assert [asked.method for asked in stage.asked] == ["DELETE", "DELETE"]
    stage.script = [BUSY, 404]
    with pytest.raises(NotFoundError):
        client.tasks.delete(1)


def test_an_account_whose_deletion_got_no_answer_is_deleted(client, stage):
    stage.script = ["reset", 404]

    client.users.delete(1)

    stage.script = [404]
    with pytest.raises(NotFoundError):
        client.users.delete(1)


def test_a_replacement_whose_answer_was_lost_is_done(client, stage):
    now = {"id": 1, "title": "Mine", "version": 4}
    gone_past = (412, {"current": now}, {})
    stage.script = ["hang up", gone_past, gone_past, "hang up", gone_past]

    assert client.tasks.replace(1, 3, title="Mine") == now
    for version, title in ((3, "Mine"), (3, "Other")):
        with pytest.raises(PreconditionFailedError):
            client.tasks.replace(1, version, title=title)
    assert stage.asked[0].headers["If-Match"] == '"3"'


def test_the_token_goes_to_ones_own_server_alone(client, stage):
    elsewhere = "http://elsewhere.invalid/api/task?cursor=abc%3D&status=A&status=B"
    stage.script = [{"results": [{"id": 1}], "next": elsewhere}, {"results": [{"id": 2}], "next": None}]

    assert [task["id"] for task in client.tasks.list()] == [1, 2]
    assert stage.asked[1].path == "/api/task?cursor=abc%3D&status=A&status=B"


def test_a_refused_token_is_renewed_once_for_all_threads(stage, clock):
    all_refused = Barrier(4)

    def answer(asked):
        match asked.path, asked.headers["Authorization"]:
            case "/api/token", _:
                return {"access": "old", "refresh": "first"}
            case "/api/token/refresh", _:
                return {"access": "new", "refresh": "second"}
            case _, "Bearer old":
                all_refused.wait(PATIENCE)
                return 401
        return {}

    stage.script = answer
    with (
        TmsClient(stage.url, username="ann", password="password123", clock=clock) as client,
        ThreadPoolExecutor(4) as threads,
    ):
        list(threads.map(lambda _: client.users.me(), range(4)))

    paths = [asked.path for asked in stage.asked]
    assert (paths.count("/api/token"), paths.count("/api/token/refresh")) == (1, 1)
    assert (paths[-1], stage.asked[-1].json) == ("/api/token/revoke", {"refresh": "second"})


def test_a_token_that_is_refused_again_is_told(stage, clock):
    pair = {"access": "a", "refresh": "r"}
    stage.script = [pair, 401, pair, 401]

    with TmsClient(stage.url, username="ann", password="password123", clock=clock) as client:
        with pytest.raises(NotAuthenticatedError):
            client.users.me()
        stage.script = [{}]

    assert [asked.path for asked in stage.asked[:4]] == [
        "/api/token",
        "/api/users/me",
        "/api/token/refresh",
        "/api/users/me",
    ]


def test_the_password_goes_where_it_should_whatever_the_users_netrc_says(stage, clock, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    stage.script = [{}, {}]

    with TmsClient(stage.url, token="any", clock=clock) as client:
        client.users.me()
    with TmsClient(stage.url, clock=clock) as client:
        client.users.create(username="ann")

    assert [asked.headers["Authorization"] for asked in stage.asked] == ["Bearer any", None]


def test_cookies_are_not_kept(client, stage):
    stage.script = [(200, {}, {"Set-Cookie": "a=b"}), {}]

    client.users.me()
    client.users.me()

    assert stage.asked[1].headers["Cookie"] is None
