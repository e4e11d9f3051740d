from datetime import timedelta

import jwt
import pytest

from tms_core.access_tokens import AccessTokens
from tms_core.revocations import Revocations

KEY = "k" * 32
LIFE = timedelta(minutes=10)


@pytest.fixture(scope="module")
def packages():
    return ()


@pytest.fixture
def access_tokens():
    return AccessTokens(KEY, LIFE)


def test_a_token_says_what_it_was_made_of(access_tokens):
    token = access_tokens.create(user_id=7, is_admin=True, session="abc", epoch=3)

    claims = access_tokens.read(token, now=0)

    assert (claims.user_id, claims.is_admin, claims.session, claims.epoch) == (7, True, "abc", 3)


def test_its_life_ends_also_for_a_process_that_knows_it_already(access_tokens):
    token = access_tokens.create(user_id=7, is_admin=False, session="abc", epoch=0)
    expires_at = access_tokens.read(token, now=0).expires_at

    assert access_tokens.read(token, now=expires_at - 1) is not None
    assert access_tokens.read(token, now=expires_at) is None


def test_its_life_is_the_setting(access_tokens):
    token = access_tokens.create(user_id=7, is_admin=False, session="abc", epoch=0)

    said = jwt.decode(token, options={"verify_signature": False})

    assert said["exp"] - said["iat"] == LIFE.total_seconds()


class TestRevocations:
    @pytest.fixture
    def revocations(self, runtime):
        return Revocations(runtime.engine, LIFE)

    @pytest.fixture
    def claims(self, app, make_user):
        return app.app.registry.access_tokens.read(make_user("ann").access, now=0)

    @pytest.fixture
    def end_access(self, runtime, claims):
        """Ends the user's access tokens, at an instant that SQL says."""

        def end(instant: str) -> None:
            with runtime.transaction() as session:
                session.connection().exec_driver_sql(
                    f"UPDATE users SET token_epoch = token_epoch + 1, token_epoch_at = {instant}"
                )

        return end

    def test_what_nobody_took_back_holds(self, revocations, claims):
        assert not revocations.is_revoked(claims)

    def test_a_look_finds_what_was_taken_back(self, revocations, claims, end_access):
        end_access("now()")

        revocations.refresh(force=True)

        assert revocations.is_revoked(claims)

    def test_a_token_of_the_new_epoch_holds(self, app, revocations, claims, end_access):
        end_access("now()")
        token = app.app.registry.access_tokens.create(
            user_id=claims.user_id, is_admin=False, session=claims.session, epoch=1
        )

        revocations.refresh(force=True)

        assert not revocations.is_revoked(app.app.registry.access_tokens.read(token, now=0))

    def test_revocations_are_remembered_as_long_as_a_token_lives(self, revocations, claims, end_access):
        end_access("now() - interval '10 minutes'")
        revocations.refresh(force=True)
        assert revocations.knows(claims)

        end_access("now() - interval '12 minutes'")
        revocations.refresh(force=True)
        assert not revocations.knows(claims)

    def test_it_looks_again_after_its_interval_only(self, revocations, claims, end_access, monkeypatch):
        revocations.refresh()
        end_access("now()")
        monkeypatch.setattr("tms_core.revocations.INTERVAL", 3600)
        assert not revocations.is_revoked(claims)

        monkeypatch.setattr("tms_core.revocations.INTERVAL", 0)
        assert revocations.is_revoked(claims)
