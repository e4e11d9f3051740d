"""Access tokens: what they say, and reading one without a look into the database."""

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
    """What a valid access token says. `session` is the family of refresh tokens, `epoch` the user's at that time.

    `scopes` is None where it may do all that its user may; personal tokens name theirs. `authenticated_at` is when the
    user last proved who it is, which refreshing does not; 0 where that is not known.
    """

    user_id: int
    is_admin: bool
    session: str
    epoch: int
    expires_at: float
    scopes: frozenset[str] | None = None
    authenticated_at: float = 0.0


class AccessTokens:
    """Makes and reads access tokens, with pyramid-jwt as the codec."""

    def __init__(self, key: str, life: timedelta):
        self._codec = JWTAuthenticationPolicy(
            key, algorithm=ALGORITHM, expiration=life, auth_type="Bearer", default_claims={"iss": ISSUER}
        )
        # Clients send the same token many times; its signature need not be computed each time.
        self._decode = lru_cache(maxsize=10_000)(self._verify)

    def create(self, *, user_id: int, is_admin: bool, session: str, epoch: int, authenticated_at: float = 0.0) -> str:
        claims = {"kind": KIND, "adm": is_admin, "sid": session, "epoch": epoch, "auth_time": int(authenticated_at)}
        return self._codec.create_token(str(user_id), **claims)

    def read(self, token: str, now: float) -> AccessClaims | None:
        """The claims of a token with our signature that is not yet expired at `now` (epoch seconds), else None.

        Whether its login was revoked meanwhile is `Revocations`' to say.
        """
        try:
            claims = self._decode(token)
        except (jwt.InvalidTokenError, TypeError, ValueError, ArithmeticError, RecursionError):
            # PyJWT itself raises more than its own errors for a claim or a header of a wrong type.
            return None
        return claims if claims.expires_at > now else None

    def _verify(self, token: str) -> AccessClaims:
        """Raises for what is not ours, so that only our own tokens are remembered: rubbish takes no memory."""
        # Not the codec's own jwt_decode: it checks neither issuer nor required claims, and logs at each fault.
        said = jwt.decode(
            token,
            self._codec.public_key,
            algorithms=[ALGORITHM],
            issuer=ISSUER,
            options={"require": ["exp", "sub", "iss"], "verify_exp": False},
        )
        if said.get("kind") != KIND:
            raise jwt.InvalidTokenError("another kind of token")
        return _claims(said)


def _claims(said: Mapping[str, Any]) -> AccessClaims:
    """Raises `InvalidTokenError` for a claim that is missing, of another type or beyond what the database holds."""
    user_id = id_in(_typed(said, "sub", str))
    session, epoch = _typed(said, "sid", str), _typed(said, "epoch", int)
    authenticated_at = _typed({"auth_time": 0, **said}, "auth_time", int, float)
    expires_at = _typed(said, "exp", int, float)
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
        _typed(said, "adm", bool),
        session,
        epoch,
        expires_at,
        authenticated_at=authenticated_at,
    )


def _typed(said: Mapping[str, Any], name: str, *kinds: type[Any]) -> Any:
    value = said.get(name)
    # Not isinstance: to that, true is an integer.
    if type(value) not in kinds:
        raise jwt.InvalidTokenError(f"{name} is missing or of another type")
    return value
