"""Rate limits of password guesses, mails and registrations.

Time is simulated by moving the counters in Redis back.
"""

import re
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from webtest import TestApp

from tms_api.rate_limits.attempt_limits import password_attempt_limits
from tms_core.errors import TooManyRequestsError
from tms_core.models import RefreshToken
from tms_testing.fixtures import PASSWORD, Client

HERE = "203.0.113.9"
ELSEWHERE = "198.51.100.1"
DEAD_REDIS = {"redis_url": "redis://127.0.0.1:1/0"}
only_with_redis = pytest.mark.parametrize("process", ["redis"], indirect=True)
ADDRESSES = [f"192.0.2.{number}" for number in range(1, 60)]


@pytest.fixture(scope="module")
def packages():
    return ("tms_api", "tms_notifications")


@pytest.fixture(scope="module")
def settings():
    return {
        "tms.trusted_proxies": "127.0.0.1",
        "tms.api.limit_sign_in_account": "3/minute; 5/hour",
        "tms.api.limit_sign_in_account_everywhere": "5/minute; 9/hour",
        "tms.api.limit_session_account": "8/minute",
        "tms.api.limit_session_address": "12/minute",
        "tms.api.limit_sign_in_address": "6/minute",
        "tms.api.limit_registration": "2/minute",
        "tms.api.limit_refresh": "3/minute",
        "tms.api.limit_taken": "2/minute",
        "tms.api.limit_mail_account": "2/hour",
        "tms.api.limit_mail_account_everywhere": "3/hour",
        "tms.api.limit_mail_address": "4/hour",
    }


@pytest.fixture
def move_back(runtime):
    """Move all counters back by some seconds."""

    def turn(seconds: int) -> None:
        for key in runtime.redis.scan_iter("tms:limit:*"):
            instants = [float(one) - seconds for one in runtime.redis.lrange(key, 0, -1)]
            runtime.redis.delete(key)
            runtime.redis.rpush(key, *instants)

    return turn


@pytest.fixture(params=["redis", "no redis"])
def process(request, app, another_process):
    """An API process, once with Redis and once without."""
    if request.param == "redis":
        return app
    process = another_process(**DEAD_REDIS)
    process.reset()
    # Reset the in-memory counters of an earlier test.
    vars(process.app.registry.limiter).pop("_in_memory", None)
    return process


@pytest.fixture
def sign_in(process, ann):
    """Try a password and return the response."""

    def attempt(name="ann", password="wrong-word", address=HERE, on=process, **environ):
        return on.post_json(
            "/api/token",
            {"username": name, "password": password},
            extra_environ={"REMOTE_ADDR": address, **environ},
            expect_errors=True,
        )

    return attempt


def test_the_right_password_is_refused_after_too_many_wrong_ones(sign_in, problem):
    assert [sign_in().status_int for _ in range(3)] == [401, 401, 401]

    answer = sign_in(password=PASSWORD)

    assert answer.status_int == 429
    assert "Try again in" in problem(answer)["detail"]
    assert 0 < int(answer.headers["Retry-After"]) <= 60


def test_the_response_has_the_ratelimit_headers(sign_in):
    for _ in range(3):
        sign_in()

    headers = sign_in().headers

    assert headers["RateLimit-Policy"] == '"sign-in-account-minute";q=3;w=60, "sign-in-account-hour";q=5;w=3600'
    header = re.fullmatch(r'"sign-in-account-minute";r=0;t=(\d+)', headers["RateLimit"])
    assert header[1] == headers["Retry-After"]


@pytest.mark.parametrize("spelling", ["ANN", "Ann", "aNN"])
def test_another_spelling_of_the_name_is_the_same_account(sign_in, spelling):
    for _ in range(3):
        sign_in()

    assert sign_in(spelling).status_int == 429


def test_other_accounts_are_not_limited(sign_in, make_user):
    make_user("bob")
    for _ in range(3):
        sign_in()

    assert sign_in("bob", PASSWORD).status_int == 200


def test_an_address_that_guesses_at_many_accounts_is_limited_alone(sign_in):
    answers = [sign_in(f"user{number}").status_int for number in range(7)]

    assert answers == [401] * 6 + [429]
    assert sign_in(password=PASSWORD).status_int == 429
    assert sign_in(password=PASSWORD, address=ELSEWHERE).status_int == 200


def test_an_ipv6_network_is_one_address(sign_in):
    answers = [sign_in(f"user{number}", address=f"2001:db8:1:2::{number}").status_int for number in range(7)]

    assert answers[-1] == 429
    assert sign_in(password=PASSWORD, address="2001:db8:1:3::1").status_int == 200


def test_the_client_address_behind_a_proxy_cannot_be_forged(sign_in):
    answers = [
        sign_in(f"user{number}", address="127.0.0.1", HTTP_X_FORWARDED_FOR=f"192.0.2.{number}, {HERE}").status_int
        for number in range(7)
    ]

    assert answers[-1] == 429
    assert sign_in(password=PASSWORD, address="127.0.0.1", HTTP_X_FORWARDED_FOR=ELSEWHERE).status_int == 200


def test_right_passwords_are_not_counted(sign_in):
    assert {sign_in(password=PASSWORD).status_int for _ in range(8)} == {200}


def test_right_passwords_are_counted_by_account(sign_in):
    assert [sign_in(password=PASSWORD, address=ADDRESSES[number]).status_int for number in range(9)] == [200] * 8 + [
        429
    ]
    assert sign_in("nobody").status_int == 401


def test_right_passwords_are_counted_by_address(sign_in, make_user):
    for name in ("bob", "eve"):
        make_user(name)

    answers = [sign_in(("ann", "bob", "eve")[number % 3], PASSWORD).status_int for number in range(13)]

    assert answers == [200] * 12 + [429]
    assert sign_in("eve", PASSWORD, ELSEWHERE).status_int == 200


def test_a_limited_sign_in_checks_no_password_and_leaves_no_session(sign_in, ann, runtime, monkeypatch):
    for _ in range(8):
        sign_in(password=PASSWORD)
    monkeypatch.setattr("tms_core.services.tokens.is_password", None)

    assert sign_in(password=PASSWORD).status_int == 429

    with runtime.transaction() as session:
        assert session.query(RefreshToken).count() == 9


def test_responses_do_not_reveal_whether_the_account_exists(sign_in, problem):
    """Status, body and headers are equal, below and above the limit."""

    def responses(name):
        answers = [sign_in(name, address=address) for address in (*[HERE] * 4, *ADDRESSES[:4])]
        return [
            (
                answer.status_int,
                {
                    **problem(answer),
                    "request_id": "",
                    "params": {},
                    "detail": re.sub(r"\d+ seconds?", "…", answer.json["detail"]),
                },
                sorted(answer.headers),
            )
            for answer in answers
        ]

    assert responses("ann") == responses("nobody")


def test_concurrent_guesses_are_limited_like_sequential_ones(sign_in, process, ann):
    def guess(number):
        return sign_in(on=TestApp(process.app), address=HERE).status_int

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(guess, range(24)))

    assert (answers.count(401), answers.count(429)) == (3, 21)


@pytest.fixture
def guess_limit(app):
    request = SimpleNamespace(environ={"REMOTE_ADDR": HERE}, registry=app.app.registry, cookies={})
    return password_attempt_limits(request, "ann")


def test_a_right_guess_overtaken_by_wrong_ones_is_refused(guess_limit):
    def overtaken_by_others() -> str:
        for _ in range(3):
            assert guess_limit.attempt(lambda: None) is None
        return "the right one"

    with pytest.raises(TooManyRequestsError):
        guess_limit.attempt(overtaken_by_others)


def test_a_limited_guess_is_not_checked(guess_limit):
    looked_at = []
    for _ in range(3):
        guess_limit.attempt(lambda: None)

    with pytest.raises(TooManyRequestsError):
        guess_limit.attempt(lambda: looked_at.append("the password"))

    assert looked_at == []


@only_with_redis
def test_the_minute_and_hour_limits_apply(sign_in, move_back):
    for _ in range(3):
        sign_in()
    move_back(61)
    assert [sign_in().status_int for _ in range(2)] == [401, 401]

    answer = sign_in(password=PASSWORD)

    assert answer.status_int == 429
    assert 3000 < int(answer.headers["Retry-After"]) < 3600
    assert "minutes" in answer.json["detail"]
    move_back(3600)
    assert sign_in(password=PASSWORD).status_int == 200


@only_with_redis
def test_all_processes_count_together(app, another_process, sign_in):
    other = another_process()
    for process in (app, other, app):
        assert sign_in(on=process).status_int == 401

    assert sign_in(password=PASSWORD, on=other).status_int == 429


def test_guesses_of_current_password_are_limited(process, ann):
    as_ann = Client(process, ann)
    body = {"password": "another-word", "current_password": "wrong-word"}

    answers = [as_ann.patch_json("/api/users/me", body, expect_errors=True).status_int for _ in range(4)]

    assert answers == [400, 400, 400, 429]
    right = {**body, "current_password": PASSWORD}
    as_ann.patch_json("/api/users/me", right, status=429)
    as_ann.patch_json("/api/users/me", {"first_name": "Ann"}, status=200)


def from_here(process, path, body, address=HERE):
    return process.post_json(path, body, extra_environ={"REMOTE_ADDR": address}, expect_errors=True).status_int


def test_registrations_are_counted_by_address(process, runtime):
    def register(number, address=HERE):
        body = {"username": f"eve{number}", "email": f"eve{number}@example.com", "password": PASSWORD}
        return from_here(process, "/api/users", body, address)

    assert [register(number) for number in range(3)] == [201, 201, 429]
    assert register(3, ELSEWHERE) == 201


def test_registrations_by_users_are_counted(process, ann):
    def register(number):
        body = {"username": f"eve{number}", "email": f"eve{number}@example.com", "password": PASSWORD}
        return Client(process, ann).post_json("/api/users", body, expect_errors=True).status_int

    assert [register(number) for number in range(3)] == [201, 201, 429]


def test_registrations_by_administrators_are_not_limited(process, admin):
    for number in range(4):
        body = {"username": f"eve{number}", "email": f"eve{number}@example.com", "password": PASSWORD}
        Client(process, admin.user).post_json("/api/users", body, status=201)


class TestWhatIsTaken:
    """A 409 reveals that a name or address is taken, so the number of such responses is limited."""

    @pytest.fixture
    def change(self, process, ann):
        """Request a change of name or address and return the status."""

        def ask(address=HERE, by=None, **fields):
            body = {"current_password": PASSWORD, **fields}
            environ = {"REMOTE_ADDR": address}
            me = Client(process, by or ann)
            return me.patch_json("/api/users/me", body, extra_environ=environ, expect_errors=True).status_int

        return ask

    @pytest.fixture(autouse=True)
    def _others(self, make_user):
        for name in ("bob", "eve"):
            make_user(name)

    @pytest.mark.parametrize("field", ["email", "username"])
    def test_taken_answers_are_limited_by_user(self, change, make_user, field):
        taken = {"email": "bob@example.com", "username": "bob"}[field]
        assert [change(address, **{field: taken}) for address in ADDRESSES[:3]] == [409, 409, 429]

        free = {"email": "free@example.com", "username": "free"}[field]
        assert change(ADDRESSES[4], **{field: free}) == 429
        assert change(ADDRESSES[4], first_name="Ann") == 200
        assert change(ADDRESSES[4], by=make_user(), **{field: taken}) == 409

    def test_taken_answers_are_limited_by_address(self, change, make_user):
        users = [make_user() for _ in range(3)]

        assert [change(by=user, email="bob@example.com") for user in users] == [409, 409, 429]

    def test_taken_answers_to_registrations_are_limited(self, process, another_process, runtime):
        def register(email, address=HERE):
            return from_here(process, "/api/users", {"username": "x", "email": email, "password": PASSWORD}, address)

        answers = [register("bob@example.com", address) for address in (HERE, HERE, ELSEWHERE)]

        assert answers == [409, 409, 409]
        assert register("free@example.com", HERE) == 429

    def test_administrators_are_not_limited(self, process, admin, ann):
        for _ in range(4):
            Client(process, admin.user).patch_json(f"/api/users/{ann.id}", {"email": "bob@example.com"}, status=409)

    def test_unchanged_names_are_not_counted(self, change):
        assert {change(email="ann@example.com") for _ in range(5)} == {200}


@pytest.mark.parametrize("path", ["/api/token/refresh", "/api/token/revoke"])
def test_refreshes_are_counted_by_address(process, runtime, path):
    usual = 401 if path.endswith("refresh") else 200

    answers = [from_here(process, path, {"refresh": "unknown"}) for _ in range(4)]

    assert answers == [usual] * 3 + [429]
    assert from_here(process, path, {"refresh": "unknown"}, ELSEWHERE) == usual


@pytest.mark.parametrize("email", ["ann@example.com", "nobody@example.com"])
def test_mails_are_counted_by_recipient_and_network(process, ann, email):
    def ask(address, spelling=email):
        return from_here(process, "/api/password-reset", {"email": spelling}, address)

    assert [ask(HERE) for _ in range(3)] == [202, 202, 429]
    assert ask(HERE, email.upper()) == 429
    assert [ask(ELSEWHERE), ask(ADDRESSES[0])] == [202, 429]


def test_mails_are_counted_by_network(process, runtime):
    answers = [from_here(process, "/api/password-reset", {"email": f"{n}@example.com"}) for n in range(5)]

    assert answers == [202] * 4 + [429]


def test_verification_mails_are_counted(process, ann):
    me = Client(process, ann)

    answers = [me.post_json("/api/email-verification", {}, expect_errors=True).status_int for _ in range(3)]

    assert answers == [202, 202, 429]


def test_wrong_tokens_of_links_are_counted_by_address(process, runtime):
    def confirm(address=HERE):
        return from_here(process, "/api/password-reset/confirm", {"token": "wrong", "password": PASSWORD}, address)

    assert [confirm() for _ in range(7)] == [400] * 6 + [429]
    assert confirm(ELSEWHERE) == 400


def test_zero_turns_a_limit_off(another_process, ann, runtime):
    names = ("account", "account_everywhere", "address")
    free = another_process(**{f"api.limit_sign_in_{name}": "0" for name in names})

    answers = {from_here(free, "/api/token", {"username": "ann", "password": "wrong-word"}) for _ in range(20)}

    assert answers == {401}


@only_with_redis
def test_counters_expire_and_contain_no_names(sign_in, runtime):
    sign_in()

    keys = list(runtime.redis.scan_iter("tms:limit:*"))

    assert len(keys) == 5
    assert all(0 < runtime.redis.ttl(key) <= 3600 for key in keys)
    assert not any(b"ann" in key for key in keys)
