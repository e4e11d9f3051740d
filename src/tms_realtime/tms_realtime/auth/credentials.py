"""Resolves an access token, a personal token or a ticket to its claims."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus

import redis
from sqlalchemy.exc import SQLAlchemyError

from tms_core.auth.access_tokens import AccessClaims, AccessTokens
from tms_core.auth.personal_tokens import PREFIX, PersonalTokens
from tms_core.error_codes import DATABASE_AWAY
from tms_core.errors import TooManyRequestsError
from tms_realtime.auth.errors import HandshakeRejectedError, insufficient_scope, unauthorized, unavailable
from tms_realtime.auth.tickets import TicketStore
from tms_realtime.error_codes import REDIS_AWAY

BEARER_PROTOCOL = "bearer."
SCOPE = "tasks:read"
INVALID = "the access token is invalid, expired or revoked"


class RevocationsUnknownError(Exception):
    """The database is down, so a token cannot be checked for revocation."""


class CredentialVerifier:
    """Verifies credentials. `is_revoked` may raise `RevocationsUnknownError`."""

    def __init__(
        self,
        access_tokens: AccessTokens,
        personal_tokens: PersonalTokens,
        tickets: TicketStore,
        is_revoked: Callable[[AccessClaims], bool],
        clock: Callable[[], float] = time.time,
    ):
        self._access_tokens = access_tokens
        self._personal_tokens = personal_tokens
        self._tickets = tickets
        self._is_revoked = is_revoked
        self._clock = clock

    async def by_ticket(self, ticket: str) -> AccessClaims:
        """Return the claims of a ticket, which is used up. Raises `HandshakeRejectedError`."""
        try:
            claims = await self._tickets.redeem(ticket)
        except (redis.RedisError, OSError):
            raise unavailable("redis", REDIS_AWAY) from None
        if claims is None:
            raise unauthorized("the ticket is unknown, too old or used", error="invalid_token")
        return self._require_valid(claims)

    async def by_token(self, token: str, network: str = "") -> AccessClaims:
        """`network` is where the client comes from."""
        if token.startswith(PREFIX):
            return await self._by_personal_token(token, network)
        return self._require_valid(self._access_tokens.read(token, self._clock()))

    async def _by_personal_token(self, token: str, network: str) -> AccessClaims:
        try:
            claims = await asyncio.to_thread(self._personal_tokens.read, token, self._clock(), lambda: network)
        except TooManyRequestsError as error:
            headers = (("Retry-After", str(error.retry_after)),)
            raise HandshakeRejectedError(
                HTTPStatus.TOO_MANY_REQUESTS, str(error), error.code, headers, params=error.params
            ) from None
        except SQLAlchemyError:
            raise unavailable("the database", DATABASE_AWAY) from None
        claims = self._require_valid(claims)
        if claims.scopes is not None and SCOPE not in claims.scopes:
            raise insufficient_scope(SCOPE)
        return claims

    def _require_valid(self, claims: AccessClaims | None) -> AccessClaims:
        try:
            if claims is None or claims.expires_at <= self._clock() or self._is_revoked(claims):
                raise unauthorized(INVALID, error="invalid_token")
        except RevocationsUnknownError:
            raise unavailable("the database", DATABASE_AWAY) from None
        return claims


def bearer_token(headers: Mapping[str, str], protocols: Sequence[str]) -> str | None:
    """Return the token of the Authorization header, else of the sub-protocols, since browsers cannot set the header."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    offered = (protocol for protocol in protocols if protocol.startswith(BEARER_PROTOCOL))
    return next(offered, "").removeprefix(BEARER_PROTOCOL) or None
