"""The general quota per user: exact for small limits, few round trips for large ones."""

from itertools import count

import pytest

from tms_api.rate_limits.quota import PARTS, Quota
from tms_api.rates import Rate
from tms_core.errors import TooManyRequestsError
from tms_testing.clock import ManualClock
from tms_testing.fixtures import Client

NOON = 1_900_000_020.0
WINDOW = 60


@pytest.fixture(scope="module")
def settings():
    return {"tms.api.limit_user": "5/hour"}


@pytest.fixture(autouse=True)
def _nothing_was_counted_yet(app):
    vars(app.app.registry.quota)["_counters"].clear()


@pytest.fixture
def clock():
    return ManualClock(NOON)


@pytest.fixture
def spends(runtime, clock):
    """Create the quota of a process; returns whether a request is accepted."""

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
    """Return the number of round trips to Redis."""
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


def test_quotas_are_per_user(spends):
    spend = spends(3)
    assert [spend(1) for _ in range(4)] == [True, True, True, False]

    assert [spend(2) for _ in range(4)] == [True, True, True, False]


def test_the_quota_resets_with_the_next_minute(spends, clock):
    spend = spends(3)
    assert [spend() for _ in range(4)][-1] is False

    clock.now += WINDOW

    assert [spend() for _ in range(4)] == [True, True, True, False]


def test_one_process_accepts_a_large_limit_exactly(spends):
    spend = spends(1000)

    assert sum(spend() for _ in range(1500)) == 1000


def test_each_process_exceeds_the_limit_by_less_than_one_part(spends):
    processes = [spends(1000) for _ in range(4)]

    let_through = sum(process() for _ in range(1000) for process in processes)

    assert 1000 <= let_through <= 1000 + len(processes) * 1000 // PARTS


def test_a_large_limit_needs_one_round_trip_per_part(spends, round_trips):
    spend = spends(6000)

    for _ in range(6000):
        assert spend()

    # The first call also loads the library's script.
    assert round_trips() <= PARTS + 2


def test_few_requests_need_no_round_trip(spends, round_trips):
    spend = spends(6000)

    for _ in range(6000 // PARTS - 1):
        spend()

    assert round_trips() == 0


def test_refused_requests_need_no_round_trip(spends, round_trips):
    spend = spends(3)
    while spend():
        pass
    asked = round_trips()

    assert not any(spend() for _ in range(100))
    assert round_trips() == asked + 1


def test_each_process_applies_the_same_limit_without_redis(spends, another_process):
    away = another_process(redis_url="redis://127.0.0.1:1/0").app.registry.tms
    one, other = spends(10, away), spends(10, away)

    assert [one() for _ in range(12)] == [True] * 10 + [False] * 2
    assert [other() for _ in range(12)] == [True] * 10 + [False] * 2


def test_counters_expire(spends, runtime):
    spends(3)()

    (key,) = runtime.redis.scan_iter("tms:limit:user:*")

    assert 0 < runtime.redis.ttl(key) <= WINDOW


def test_an_exhausted_quota_is_429_with_retry_after(client, client_of, make_user, problem):
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


def test_personal_tokens_share_the_quota_of_their_user(client, app):
    token = client.post_json("/api/api-tokens", {"name": "a", "scopes": ["tasks:read"], "expires_at": None}).json
    for _ in range(4):
        app.get("/api/task", headers={"Authorization": f"Bearer {token['token']}"}, status=200)

    client.get("/api/task", status=429)


def test_open_routes_are_not_counted(app, client):
    for _ in range(10):
        app.get("/api/health", headers=client.user.headers, status=200)
        app.get("/api/task", status=401)

    client.get("/api/task", status=200)


def test_zero_turns_the_quota_off(client, another_process):
    free = Client(another_process(**{"api.limit_user": "0"}), client.user)

    for _ in range(10):
        free.get("/api/task", status=200)
