"""Access tokens: what they say, and reading one without a look into the database."""

from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

import jwt
from pyramid_jwt.policy import JWTAuthenticationPolicy

ISSUER = "tms"
KIND = "access"
ALGORITHM = "HS256"


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """What a valid access token says. `session` is the login (token family), `epoch` the user's at that time.

    `scopes` is None where it may do all that its user may; personal tokens name theirs.
    """

    user_id: int
    is_admin: bool
    session: str
    epoch: int
    expires_at: float
    scopes: frozenset[str] | None = None


class AccessTokens:
    """Makes and reads access tokens, with pyramid-jwt as the codec."""

    def __init__(self, key: str, life: timedelta):
        self._codec = JWTAuthenticationPolicy(
            key, algorithm=ALGORITHM, expiration=life, auth_type="Bearer", default_claims={"iss": ISSUER}
        )
        # Clients send the same token many times; its signature need not be computed each time.
        self._decode = lru_cache(maxsize=10_000)(self._verify)

    def create(self, *, user_id: int, is_admin: bool, session: str, epoch: int) -> str:
        return self._codec.create_token(str(user_id), kind=KIND, adm=is_admin, sid=session, epoch=epoch)

    def read(self, token: str, now: float) -> AccessClaims | None:
        """The claims of a token with our signature that is not yet expired at `now` (epoch seconds), else None.

        Whether its login was revoked meanwhile is `Revocations`' to say.
        """
        try:
            claims = self._decode(token)
        except (jwt.InvalidTokenError, KeyError, ValueError):
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
        return AccessClaims(int(said["sub"]), said["adm"] is True, said["sid"], said["epoch"], said["exp"])
