"""Revocation of access tokens, sessions and personal tokens."""

from datetime import timedelta
from time import time

import pytest

from tms_core.auth.access_tokens import AccessClaims, AccessTokens
from tms_core.auth.personal_tokens import PersonalTokens
from tms_core.auth.revocations import Revocations
from tms_core.models import PersonalToken
from tms_core.services.personal_tokens import PersonalTokenService
from tms_core.services.tokens import TokenService

LIFE = timedelta(minutes=10)


@pytest.fixture(scope="module")
def packages():
    return ()


@pytest.fixture
def tokens(runtime):
    return AccessTokens(runtime.core.jwt_key, LIFE)


@pytest.fixture
def is_revoked(runtime):
    """Return a function that returns whether claims are revoked, after a refresh."""

    def check(claims: AccessClaims) -> bool:
        revocations = Revocations(runtime.engine, LIFE)
        revocations.refresh(force=True)
        return revocations.knows(claims)

    return check


def test_only_the_ended_session_is_revoked(runtime, tokens, ann, make_user, is_revoked):
    mine, others = (tokens.read(user.access, time()) for user in (ann, make_user()))

    with runtime.transaction() as session:
        TokenService(session, tokens, runtime.core).revoke(ann.refresh)

    assert (is_revoked(mine), is_revoked(others)) == (True, False)


def test_only_the_revoked_personal_token_is_revoked(runtime, ann, is_revoked):
    reader = PersonalTokens(runtime.engine, LIFE)
    with runtime.transaction() as session:
        service = PersonalTokenService(session, ann.id, {"tasks:read"})
        values = [service.create(name, ["tasks:read"], None)[1] for name in ("one", "other")]
    one, other = (reader.read(value, time()) for value in values)

    with runtime.transaction() as session:
        PersonalTokenService(session, ann.id, ()).revoke(session.query(PersonalToken).filter_by(name="one").one().id)

    assert (is_revoked(one), is_revoked(other)) == (True, False)


def test_claims_of_personal_tokens_expire_like_those_of_access_tokens(runtime, ann):
    with runtime.transaction() as session:
        _, word = PersonalTokenService(session, ann.id, {"tasks:read"}).create("a", ["tasks:read"], None)

    claims = PersonalTokens(runtime.engine, LIFE).read(word, time())

    assert claims.expires_at <= time() + LIFE.total_seconds()
    assert claims.scopes == {"tasks:read"}
