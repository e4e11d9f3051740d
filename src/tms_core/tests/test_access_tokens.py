import base64
import hmac
import json
from datetime import timedelta

import jwt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tms_core.auth.access_tokens import AccessTokens
from tms_core.auth.revocations import Revocations

KEY = "k" * 32
LIFE = timedelta(minutes=10)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@pytest.fixture(scope="module")
def packages():
    return ()


@pytest.fixture
def access_tokens():
    return AccessTokens(KEY, LIFE)


def test_a_token_carries_its_claims(access_tokens):
    token = access_tokens.create(user_id=7, is_admin=True, session="abc", epoch=3)

    claims = access_tokens.read(token, now=0)

    assert (claims.user_id, claims.is_admin, claims.session, claims.epoch) == (7, True, "abc", 3)


def test_a_token_carries_the_time_of_authentication(access_tokens):
    token = access_tokens.create(user_id=7, is_admin=True, session="abc", epoch=3, authenticated_at=1234.5)
    payload = jwt.decode(token, options={"verify_signature": False})
    older = {name: value for name, value in payload.items() if name != "auth_time"}

    assert access_tokens.read(token, now=0).authenticated_at == payload["auth_time"] == 1234
    assert access_tokens.read(jwt.encode(older, KEY, "HS256"), now=0).authenticated_at == 0


def test_a_token_expires_also_when_cached(access_tokens):
    token = access_tokens.create(user_id=7, is_admin=False, session="abc", epoch=0)
    expires_at = access_tokens.read(token, now=0).expires_at

    assert access_tokens.read(token, now=expires_at - 1) is not None
    assert access_tokens.read(token, now=expires_at) is None


def test_the_lifetime_of_a_token_is_the_setting(access_tokens):
    token = access_tokens.create(user_id=7, is_admin=False, session="abc", epoch=0)

    payload = jwt.decode(token, options={"verify_signature": False})

    assert payload["exp"] - payload["iat"] == LIFE.total_seconds()


class TestRevocations:
    @pytest.fixture
    def revocations(self, runtime):
        return Revocations(runtime.engine, LIFE)

    @pytest.fixture
    def claims(self, app, make_user):
        return app.app.registry.access_tokens.read(make_user("ann").access, now=0)

    @pytest.fixture
    def end_access(self, runtime, claims):
        """Revokes the user's access tokens at an instant given as SQL."""

        def end(instant: str) -> None:
            with runtime.transaction() as session:
                session.connection().exec_driver_sql(
                    f"UPDATE users SET token_epoch = token_epoch + 1, token_epoch_at = {instant}"
                )

        return end

    def test_claims_are_valid_unless_revoked(self, revocations, claims):
        assert not revocations.is_revoked(claims)

    def test_a_refresh_finds_revocations(self, revocations, claims, end_access):
        end_access("now()")

        revocations.refresh(force=True)

        assert revocations.is_revoked(claims)

    def test_a_token_of_the_new_epoch_is_valid(self, app, revocations, claims, end_access):
        end_access("now()")
        token = app.app.registry.access_tokens.create(
            user_id=claims.user_id, is_admin=False, session=claims.session, epoch=1
        )

        revocations.refresh(force=True)

        assert not revocations.is_revoked(app.app.registry.access_tokens.read(token, now=0))

    def test_revocations_are_kept_for_the_lifetime_of_a_token(self, revocations, claims, end_access):
        end_access("now() - interval '10 minutes'")
        revocations.refresh(force=True)
        assert revocations.knows(claims)

        end_access("now() - interval '12 minutes'")
        revocations.refresh(force=True)
        assert not revocations.knows(claims)

    def test_revocations_are_read_again_only_after_the_interval(self, revocations, claims, end_access, monkeypatch):
        revocations.refresh()
        end_access("now()")
        monkeypatch.setattr("tms_core.auth.revocations.INTERVAL", 3600)
        assert not revocations.is_revoked(claims)

        monkeypatch.setattr("tms_core.auth.revocations.INTERVAL", 0)
        assert revocations.is_revoked(claims)


def signed(claims, header=None) -> str:
    """Return a correctly signed token with arbitrary claims."""
    parts = ({"alg": "HS256", "typ": "JWT", **(header or {})}, claims)
    signing_input = b".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts)
    signature = base64.urlsafe_b64encode(hmac.digest(KEY.encode(), signing_input, "sha256")).rstrip(b"=")
    return (signing_input + b"." + signature).decode()


CLAIMS = ("kind", "iss", "exp", "sub", "sid", "epoch", "adm", "auth_time", "nbf", "iat", "aud", "jti")
VALUES = (None, True, [], {}, ["7"], {"a": 1}, "", "x", "\x00", -1, 2**70, 10**400, float("inf"), float("nan"), 1.5)
# The values of each claim that have its type.
RIGHT = {"adm": [True], "sid": ["", "x", "\x00"], "exp": [2**70, 1.5], "auth_time": [-1, 2**70, 1.5]}


class TestClaimsOfAnotherType:
    """Correctly signed tokens, as another program with the key or another version could issue."""

    @pytest.fixture
    def good(self, access_tokens):
        token = access_tokens.create(user_id=7, is_admin=False, session="abc", epoch=0, authenticated_at=5)
        return jwt.decode(token, options={"verify_signature": False})

    @pytest.mark.parametrize("claim", CLAIMS[:8])
    @pytest.mark.parametrize("value", VALUES, ids=lambda value: repr(value)[:10])
    def test_a_token_with_a_claim_of_another_type_is_rejected(self, access_tokens, good, claim, value):
        claims = access_tokens.read(signed({**good, claim: value}), now=0)

        is_right = any(type(value) is type(right) and value == right for right in RIGHT.get(claim, ()))
        assert (claims is not None) == is_right

    @given(said=st.dictionaries(st.sampled_from(CLAIMS), JSON, min_size=1, max_size=3))
    @settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_no_claims_raise_and_accepted_ones_have_their_types(self, access_tokens, good, said):
        claims = access_tokens.read(signed({**good, **said}), now=0)

        if claims is not None:
            kinds = [type(one) for one in (claims.user_id, claims.is_admin, claims.session, claims.epoch)]
            assert kinds == [int, bool, str, int]
            assert claims.expires_at > 0

    @given(header=st.dictionaries(st.sampled_from(["alg", "kid", "typ", "crit", "b64", "jwk"]), JSON, min_size=1))
    @settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_no_header_raises(self, access_tokens, good, header):
        access_tokens.read(signed(good, header), now=0)

    @pytest.mark.parametrize("payload", [None, 1, "x", [], [1], True, 1.5], ids=repr)
    def test_a_payload_that_is_not_an_object_is_rejected(self, access_tokens, payload):
        assert access_tokens.read(signed(payload), now=0) is None
