"""Rotation of refresh tokens, the grace time, and detection of reuse.

Time is simulated by moving timestamps in the database back.
"""

import time
from datetime import timedelta

import pytest
from sqlalchemy import update

from tms_core.models import RefreshToken
from tms_core.services.refresh_tokens import RefreshTokenChain

pytestmark = pytest.mark.usefixtures("tokens_read_at_every_request")


@pytest.fixture
def refresh(app):
    """Use a refresh token and check the status."""
    return lambda token, status=200: app.post_json("/api/token/refresh/", {"refresh": token}, status=status)


@pytest.fixture
def is_accepted(app):
    """Whether an access token is accepted."""
    return lambda access: (
        app.get("/api/users/me", headers={"Authorization": f"Bearer {access}"}, expect_errors=True).status_int == 200
    )


@pytest.fixture
def move_back(runtime):
    """Move a timestamp of all refresh tokens back by some seconds."""

    def turn(seconds: int, column: str) -> None:
        earlier = getattr(RefreshToken, column) - timedelta(seconds=seconds)
        with runtime.transaction() as session:
            session.execute(update(RefreshToken).values({column: earlier}))

    return turn


def test_refreshing_returns_a_valid_new_pair(ann, refresh, is_accepted):
    pair = refresh(ann.refresh).json

    assert set(pair) == {"access", "refresh"}
    assert pair["refresh"] != ann.refresh
    assert is_accepted(pair["access"])
    assert refresh(pair["refresh"]).json["refresh"] not in (pair["refresh"], ann.refresh)


def test_two_tabs_may_refresh_at_once(ann, refresh, is_accepted, move_back):
    first = refresh(ann.refresh).json
    move_back(5, "used_at")

    second = refresh(ann.refresh).json

    assert is_accepted(first["access"])
    assert is_accepted(second["access"])
    assert second["refresh"] == first["refresh"]
    assert refresh(first["refresh"])


def test_a_late_tab_gets_the_newest_refresh_token(ann, refresh, move_back):
    """The intermediate token is used already; returning it would make the tab's next refresh count as reuse."""
    newest = refresh(refresh(ann.refresh).json["refresh"]).json["refresh"]

    late = refresh(ann.refresh).json["refresh"]
    move_back(11, "used_at")

    assert late == newest
    refresh(late)


def test_three_hundred_concurrent_refreshes_give_one_successor(ann, at_once, runtime, move_back):
    def refresh(me):
        return me.post_json("/api/token/refresh", {"refresh": ann.refresh}).json["refresh"]

    answers = []
    for _ in range(10):
        answers += at_once(*[(ann, refresh)] * 30)
        # A busy machine may need more than the grace period for all of them.
        move_back(-3600, "used_at")

    assert len(answers) == 300
    assert set(answers) == {answers[0]}
    with runtime.transaction() as session:
        assert session.query(RefreshToken).count() == 2


def test_a_used_token_gives_no_second_successor_under_another_key(ann, refresh, another_process, runtime):
    refresh(ann.refresh)
    other = another_process(jwt_private_key="4f1a8c7e2b90d365" * 4)

    other.post_json("/api/token/refresh", {"refresh": ann.refresh}, status=401)

    with runtime.transaction() as session:
        assert session.query(RefreshToken).filter_by(revoked_at=None).count() == 2


def test_the_next_refresh_token_cannot_be_computed_from_this_one_without_the_key(ann, refresh):
    following = refresh(ann.refresh).json["refresh"]

    other = RefreshTokenChain("4f1a8c7e2b90d365" * 4)
    assert following != other.successor(ann.refresh)
    assert len(following) == len(ann.refresh) == 43


def test_refreshing_does_not_renew_the_authentication_time(app, ann, refresh, runtime):
    with runtime.transaction() as session:
        session.execute(update(RefreshToken).values(began_at=RefreshToken.began_at - timedelta(hours=1)))

    first, second = (app.app.registry.access_tokens.read(refresh(ann.refresh).json["access"], 0) for _ in range(2))

    assert first.authenticated_at == second.authenticated_at
    assert 3590 < time.time() - first.authenticated_at < 3700


def test_the_grace_time_runs_from_the_first_use(ann, refresh, move_back):
    refresh(ann.refresh)
    move_back(6, "used_at")
    refresh(ann.refresh)
    move_back(6, "used_at")

    refresh(ann.refresh, status=401)


def test_late_reuse_ends_the_session_and_no_other(ann, app, refresh, is_accepted, move_back, problem):
    other = app.post_json("/api/token", {"username": "ann", "password": "password123"}).json
    newest = refresh(refresh(ann.refresh).json["refresh"]).json
    move_back(11, "used_at")

    answer = refresh(ann.refresh, status=401)

    assert problem(answer)["detail"]
    refresh(newest["refresh"], status=401)
    assert not is_accepted(newest["access"])
    assert not is_accepted(ann.access)
    assert is_accepted(other["access"])
    assert refresh(other["refresh"])


def test_an_unused_session_expires(ann, refresh, move_back):
    move_back(30 * 24 * 60 * 60, "expires_at")

    refresh(ann.refresh, status=401)


@pytest.mark.parametrize("token", ["", "unknown", "ä" * 50])
def test_an_unknown_refresh_token_is_refused(app, refresh, token):
    refresh(token, status=401)


def test_an_access_token_does_not_refresh(ann, refresh):
    refresh(ann.access, status=401)


def test_a_refresh_token_is_no_access_token(ann, is_accepted):
    assert not is_accepted(ann.refresh)
