"""Listing and ending sessions."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, update
from webtest import TestApp

from tms_core.models import RefreshToken
from tms_testing.fixtures import PASSWORD, Client

pytestmark = pytest.mark.usefixtures("tokens_read_at_every_request")

UNKNOWN = "0b9c2f0e-7a55-4b9e-9d0a-5f2f6d1c3e4b"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture(scope="module")
def settings():
    return {"tms.trusted_proxies": "10.0.0.0/8"}


@pytest.fixture
def sign_in(app, ann):
    """Start another session of ann's, from an address and with a User-Agent."""

    def sign(address: str = "203.0.113.9", agent: str = FIREFOX):
        return app.post_json(
            "/api/token",
            {"username": "ann", "password": PASSWORD},
            headers={"User-Agent": agent},
            extra_environ={"REMOTE_ADDR": address},
        ).json

    return sign


@pytest.fixture
def sessions(as_ann):
    return lambda: as_ann.get("/api/sessions").json["results"]


def bearer(access: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {access}"}


def test_sessions_are_listed_last_used_first(sign_in, sessions):
    sign_in()

    newest, first = sessions()

    assert set(newest) == {"id", "created_at", "last_used_at", "client", "current"}
    assert newest["client"] == {"user_agent": FIREFOX, "address": "203.0.113.9"}
    assert (newest["current"], first["current"]) == (False, True)
    assert newest["created_at"] == newest["last_used_at"] > first["created_at"]
    assert newest["id"] != first["id"]


def test_the_list_has_the_standard_envelope(as_ann, sessions):
    assert as_ann.get("/api/sessions/").json == {"count": 1, "next": None, "previous": None, "results": sessions()}


def test_refreshing_keeps_the_session_and_updates_last_use_and_client(app, sign_in, sessions, runtime):
    pair = sign_in()
    with runtime.transaction() as session:
        instants = {"created_at": func.now() - timedelta(days=1), "began_at": func.now() - timedelta(days=1)}
        session.execute(update(RefreshToken).values(**instants))
    (before,) = [one for one in sessions() if not one["current"]]

    renewed = app.post_json(
        "/api/token/refresh",
        {"refresh": pair["refresh"]},
        headers={"User-Agent": "curl/8"},
        extra_environ={"REMOTE_ADDR": "10.0.0.7", "HTTP_X_FORWARDED_FOR": "192.0.2.66, 198.51.100.1"},
    ).json

    (after,) = [one for one in sessions() if not one["current"]]
    assert (after["id"], after["created_at"]) == (before["id"], before["created_at"])
    assert after["last_used_at"] > before["last_used_at"]
    assert after["client"] == {"user_agent": "curl/8", "address": "198.51.100.1"}
    assert [one["current"] for one in app.get("/api/sessions", headers=bearer(renewed["access"])).json["results"]] == [
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("agent", "shown"),
    [("", None), ("  ", None), ("x" * 500, "x" * 120), ("a\tb  c", "a b c"), ("Gerät", "Ger?t")],
)
def test_the_user_agent_is_shortened_and_printable(sign_in, sessions, agent, shown):
    sign_in(agent=agent)

    assert sessions()[0]["client"]["user_agent"] == shown


def test_ending_a_session_ends_its_tokens_and_no_other(app, as_ann, sign_in, sessions):
    other, kept = sign_in(), sign_in()
    ended = sessions()[1]["id"]

    assert as_ann.delete(f"/api/sessions/{ended}", status=200).json == {}

    app.get("/api/users/me", headers=bearer(other["access"]), status=401)
    app.post_json("/api/token/refresh", {"refresh": other["refresh"]}, status=401)
    app.get("/api/users/me", headers=bearer(kept["access"]), status=200)
    assert ended not in {one["id"] for one in sessions()}
    as_ann.delete(f"/api/sessions/{ended}", status=404)


def test_the_current_session_can_be_ended(as_ann, sessions):
    as_ann.delete(f"/api/sessions/{sessions()[0]['id']}", status=200)

    as_ann.get("/api/sessions", status=401)


def test_an_ended_session_ends_in_other_processes(as_ann, ann, sessions, another_process):
    other = Client(another_process(), ann)
    other.get("/api/users/me", status=200)

    as_ann.delete(f"/api/sessions/{sessions()[0]['id']}")

    other.get("/api/users/me", status=401)


def test_users_and_administrators_cannot_see_or_end_sessions_of_others(admin, client, ann, sessions):
    (mine,) = sessions()

    for caller in (admin, client):
        assert mine["id"] not in {one["id"] for one in caller.get("/api/sessions").json["results"]}
        caller.delete(f"/api/sessions/{mine['id']}", status=404)
    assert sessions() == [mine]


@pytest.mark.parametrize("session_id", ["1", "me", UNKNOWN, "%00", "x" * 300])
def test_an_unknown_session_is_not_found(as_ann, problem, session_id):
    problem(as_ann.delete(f"/api/sessions/{session_id}", status=404))


def test_a_session_beyond_the_cap_ends_the_least_recently_used(another_process, ann, app, runtime):
    process = another_process(sessions_per_user="3")

    def sign_in():
        return process.post_json("/api/token", {"username": "ann", "password": PASSWORD}).json

    def is_alive(pair):
        return process.get("/api/users/me", headers=bearer(pair["access"]), status="*").status_int == 200

    unused, used = sign_in(), sign_in()
    # The session of the fixture is the oldest and ends first.
    newest = [sign_in(), process.post_json("/api/token/refresh", {"refresh": used["refresh"]}).json]
    app.get("/api/users/me", headers=ann.headers, status=401)
    assert is_alive(unused)
    newest.append(sign_in())

    assert [is_alive(pair) for pair in (unused, *newest)] == [False, True, True, True]
    process.post_json("/api/token/refresh", {"refresh": unused["refresh"]}, status=401)
    assert len(process.get("/api/sessions", headers=bearer(newest[-1]["access"])).json["results"]) == 3


def test_concurrent_sign_ins_keep_to_the_cap(another_process, ann, runtime):
    process = another_process(sessions_per_user="3")

    def sign_in(_number):
        TestApp(process.app).post_json("/api/token", {"username": "ann", "password": PASSWORD}, status=200)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(sign_in, range(8)))

    with runtime.transaction() as session:
        assert session.query(RefreshToken).filter_by(revoked_at=None).count() == 3


def test_expired_sessions_are_not_listed(sign_in, sessions, runtime):
    sign_in()
    with runtime.transaction() as session:
        newest = update(RefreshToken).where(RefreshToken.user_agent == FIREFOX)
        session.execute(newest.values(expires_at=func.now()))

    assert [one["current"] for one in sessions()] == [True]


def test_a_stolen_refresh_token_ends_the_session(app, sign_in, sessions, runtime):
    pair = sign_in()
    app.post_json("/api/token/refresh", {"refresh": pair["refresh"]})
    with runtime.transaction() as session:
        session.execute(update(RefreshToken).values(used_at=RefreshToken.used_at - timedelta(seconds=11)))

    app.post_json("/api/token/refresh", {"refresh": pair["refresh"]}, status=401)

    assert [one["current"] for one in sessions()] == [True]


def test_a_deleted_account_leaves_no_addresses_behind(as_ann, sign_in, runtime):
    sign_in()
    as_ann.delete("/api/users/me")

    with runtime.transaction() as session:
        tokens = session.query(RefreshToken).all()
    assert {(token.user_agent, token.address) for token in tokens} == {(None, None)}


def test_sessions_need_a_token(app, runtime, problem):
    problem(app.get("/api/sessions", status=401))
    problem(app.delete(f"/api/sessions/{UNKNOWN}", status=401))
