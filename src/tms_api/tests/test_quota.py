"""The general limit of a user: exact where it is small, nearly free where it is large."""

from itertools import count

import pytest

from tms_api.quota import PARTS, Quota
from tms_api.rates import Rate
from tms_core.errors import TooManyRequestsError
from tms_testing.fixtures import Client

NOON = 1_900_000_020.0
WINDOW = 60


@pytest.fixture(scope="module")
def settings():
    return {"tms.api.limit_user": "5/hour"}


@pytest.fixture(autouse=True)
def _nothing_was_counted_yet(app):
    vars(app.app.registry.quota)["_counters"].clear()


class Clock:
    now = NOON

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def spends(runtime, clock):
    """One process's quota: whether a request is let through."""

    def process(amount: int, on=runtime):
        quota = Quota(on, (Rate(amount, "minute"),), clock)

        def spend(user_id: int = 1) -> bool:
            try:
                quota.spend(user_id)
            except TooManyRequestsError:
                return False
            return True

        return spend

    return process


@pytest.fixture
def round_trips(runtime, monkeypatch):
    """How often Redis was asked."""
    asked = count()
    original = runtime.redis.connection_pool.get_connection

    def get_connection(*args, **kwargs):
        next(asked)
        return original(*args, **kwargs)

    monkeypatch.setattr(runtime.redis.connection_pool, "get_connection", get_connection)
    return lambda: next(asked)


def test_a_small_limit_is_exact_over_all_processes(spends):
    one, other = spends(10), spends(10)

    let_through = [(one if number % 2 else other)() for number in range(15)]

    assert let_through == [True] * 10 + [False] * 5


def test_each_user_has_its_own(spends):
    spend = spends(3)
    assert [spend(1) for _ in range(4)] == [True, True, True, False]

    assert [spend(2) for _ in range(4)] == [True, True, True, False]


def test_with_the_next_minute_it_begins_anew(spends, clock):
    spend = spends(3)
    assert [spend() for _ in range(4)][-1] is False

    clock.now += WINDOW

    assert [spend() for _ in range(4)] == [True, True, True, False]


def test_one_process_lets_through_a_large_limit_to_the_last(spends):
    spend = spends(1000)

    assert sum(spend() for _ in range(1500)) == 1000


def test_processes_together_go_beyond_by_less_than_a_part_each(spends):
    processes = [spends(1000) for _ in range(4)]

    let_through = sum(process() for _ in range(1000) for process in processes)

    assert 1000 <= let_through <= 1000 + len(processes) * 1000 // PARTS


def test_redis_is_asked_once_in_a_part_of_the_limit(spends, round_trips):
    spend = spends(6000)

    for _ in range(6000):
        assert spend()

    # The first time the library's script is not there yet.
    assert round_trips() <= PARTS + 2


def test_few_requests_ask_redis_never(spends, round_trips):
    spend = spends(6000)

    for _ in range(6000 // PARTS - 1):
        spend()

    assert round_trips() == 0


def test_who_is_refused_costs_redis_nothing(spends, round_trips):
    spend = spends(3)
    while spend():
        pass
    asked = round_trips()

    assert not any(spend() for _ in range(100))
    assert round_trips() == asked + 1


def test_with_redis_away_each_process_counts_by_the_same_numbers(spends, another_process):
    away = another_process(redis_url="redis://127.0.0.1:1/0").app.registry.tms
    one, other = spends(10, away), spends(10, away)

    assert [one() for _ in range(12)] == [True] * 10 + [False] * 2
    assert [other() for _ in range(12)] == [True] * 10 + [False] * 2


def test_what_was_counted_leaves_redis_by_itself(spends, runtime):
    spends(3)()

    (key,) = runtime.redis.scan_iter("tms:limit:user:*")

    assert 0 < runtime.redis.ttl(key) <= WINDOW


def test_whoever_asks_too_often_is_told_when_to_come_back(client, client_of, make_user, problem):
    for _ in range(5):
        client.get("/api/task", status=200)

    answer = client.get("/api/users/me", status=429)

    assert problem(answer)["detail"]
    assert 0 < int(answer.headers["Retry-After"]) <= 3600
    assert answer.headers["RateLimit-Policy"] == '"user-hour";q=5;w=3600'
    assert answer.headers["RateLimit"] == f'"user-hour";r=0;t={answer.headers["Retry-After"]}'
    client_of(make_user()).get("/api/task", status=200)


def test_a_refused_request_does_nothing(client, admin):
    for number in range(7):
        client.post_json("/api/task", {"title": f"Task {number}"}, expect_errors=True)

    assert admin.get("/api/task").json["count"] == 5


def test_personal_tokens_spend_what_their_user_has(client, app):
    token = client.post_json("/api/api-tokens", {"name": "a", "scopes": ["tasks:read"], "expires_at": None}).json
    for _ in range(4):
        app.get("/api/task", headers={"Authorization": f"Bearer {token['token']}"}, status=200)

    client.get("/api/task", status=429)


def test_what_needs_nobody_signed_in_is_not_counted(app, client):
    for _ in range(10):
        app.get("/api/health", headers=client.user.headers, status=200)
        app.get("/api/task", status=401)

    client.get("/api/task", status=200)


def test_zero_turns_it_off(client, another_process):
    free = Client(another_process(**{"api.limit_user": "0"}), client.user)

    for _ in range(10):
        free.get("/api/task", status=200)
