"""Access tokens: signed JWTs, verified without a database query."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any

import jwt
from pyramid_jwt.policy import JWTAuthenticationPolicy

from tms_core.values import MAX_ID, id_in

ISSUER = "tms"
KIND = "access"
ALGORITHM = "HS256"
MAX_SESSION_LENGTH = 100


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """The claims of a valid access token. `session` is the id of the session, `epoch` the user's token epoch at
    the time of issue.

    `scopes` is None for an unrestricted token; personal tokens list theirs. `authenticated_at` is the time of the last
    authentication (refreshing a token does not count); 0 if unknown.
    """

    user_id: int
    is_admin: bool
    session: str
    epoch: int
    expires_at: float
    scopes: frozenset[str] | None = None
    authenticated_at: float = 0.0


class AccessTokens:
    """Issues and verifies access tokens, with pyramid-jwt as the codec."""

    def __init__(self, key: str, life: timedelta):
        self._codec = JWTAuthenticationPolicy(
            key, algorithm=ALGORITHM, expiration=life, auth_type="Bearer", default_claims={"iss": ISSUER}
        )
        # Clients send the same token many times; cache the verification of its signature.
        self._decode = lru_cache(maxsize=10_000)(self._verify)

    def create(self, *, user_id: int, is_admin: bool, session: str, epoch: int, authenticated_at: float = 0.0) -> str:
        claims = {"kind": KIND, "adm": is_admin, "sid": session, "epoch": epoch, "auth_time": int(authenticated_at)}
        return self._codec.create_token(str(user_id), **claims)

    def read(self, token: str, now: float) -> AccessClaims | None:
        """Return the claims of a token that has our signature and is not expired at `now` (epoch seconds), else None.

        Revocation is not checked here; see `Revocations`.
        """
        try:
            claims = self._decode(token)
        except (jwt.InvalidTokenError, TypeError, ValueError, ArithmeticError, RecursionError):
            # PyJWT raises other exceptions than its own for claims or headers of the wrong type.
            return None
        return claims if claims.expires_at > now else None

    def _verify(self, token: str) -> AccessClaims:
        """Return the claims of a token; raises for an invalid token, so that `lru_cache` keeps valid tokens only."""
        # The codec's own jwt_decode checks neither issuer nor required claims, and logs every failure.
        payload = jwt.decode(
            token,
            self._codec.public_key,
            algorithms=[ALGORITHM],
            issuer=ISSUER,
            options={"require": ["exp", "sub", "iss"], "verify_exp": False},
        )
        if payload.get("kind") != KIND:
            raise jwt.InvalidTokenError("another kind of token")
        return _claims(payload)


def _claims(payload: Mapping[str, Any]) -> AccessClaims:
    """Return the claims of a payload; raises `InvalidTokenError` for a claim that is missing, of the wrong type or out
    of range."""
    user_id = id_in(_typed(payload, "sub", str))
    session, epoch = _typed(payload, "sid", str), _typed(payload, "epoch", int)
    authenticated_at = _typed({"auth_time": 0, **payload}, "auth_time", int, float)
    expires_at = _typed(payload, "exp", int, float)
    if (
        user_id is None
        or len(session) > MAX_SESSION_LENGTH
        or not 0 <= epoch <= MAX_ID
        or not math.isfinite(float(expires_at))
        or not math.isfinite(float(authenticated_at))
    ):
        raise jwt.InvalidTokenError("a claim is beyond its bounds")
    return AccessClaims(
        user_id,
        _typed(payload, "adm", bool),
        session,
        epoch,
        expires_at,
        authenticated_at=authenticated_at,
    )


def _typed(payload: Mapping[str, Any], name: str, *types: type[Any]) -> Any:
    value = payload.get(name)
    # Not isinstance, which accepts a bool as an int.
    if type(value) not in types:
        raise jwt.InvalidTokenError(f"{name} is missing or of another type")
    return value
