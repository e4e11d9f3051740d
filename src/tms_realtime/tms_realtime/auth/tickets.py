"""One-time tickets, for browsers: their WebSocket and EventSource cannot carry a header with a token.

Redis has a ticket's digest and what its buyer's token said; whoever comes first takes it out.
"""

import asyncio
import secrets
from typing import cast

import orjson
import redis

from tms_core.access_tokens import AccessClaims
from tms_core.hashing import sha256_of
from tms_realtime.redis import create_redis

LIFE = 30
TIMEOUT = 2.0
MAX_LENGTH = 100
# To Redis, for all who come at once.
CONNECTIONS = 8


def issue(client: "redis.Redis", claims: AccessClaims) -> str:
    """A ticket that is good for `LIFE` seconds, once. Raises `redis.RedisError`."""
    ticket = secrets.token_urlsafe(32)
    client.set(_key(ticket), _encode(claims), ex=LIFE)
    return ticket


class TicketStore:
    """The realtime process's end."""

    def __init__(self, url: str):
        self._redis = create_redis(url, connections=CONNECTIONS)

    async def redeem(self, ticket: str) -> AccessClaims | None:
        """What the buyer's token said; None for a ticket that is unknown, old or used. Raises `redis.RedisError`."""
        if len(ticket) > MAX_LENGTH:
            return None
        async with asyncio.timeout(TIMEOUT):
            found = await self._redis.getdel(_key(ticket))
        return _decode(cast(bytes, found)) if found else None

    async def close(self) -> None:
        await self._redis.aclose()


def _key(ticket: str) -> str:
    return f"tms:realtime:ticket:{sha256_of(ticket).hex()}"


def _encode(claims: AccessClaims) -> bytes:
    scopes = None if claims.scopes is None else sorted(claims.scopes)
    return orjson.dumps([claims.user_id, claims.is_admin, claims.session, claims.epoch, claims.expires_at, scopes])


def _decode(data: bytes) -> AccessClaims:
    user_id, is_admin, session, epoch, expires_at, scopes = orjson.loads(data)
    return AccessClaims(user_id, is_admin, session, epoch, expires_at, None if scopes is None else frozenset(scopes))
