"""Single-use tickets for browsers, whose WebSocket and EventSource cannot send an Authorization header.

Redis maps the digest of a ticket to the claims of the token that it was issued for; redeeming deletes the entry.
"""

import asyncio
import secrets
from typing import cast

import orjson
import redis

from tms_core.auth.access_tokens import AccessClaims
from tms_core.auth.hashing import sha256_of
from tms_realtime.redis import create_redis

LIFE = 30
TIMEOUT = 2.0
MAX_LENGTH = 100
# Connections to Redis, shared by concurrent handshakes.
CONNECTIONS = 8


def issue(client: "redis.Redis", claims: AccessClaims) -> str:
    """Return a new ticket, valid once for `LIFE` seconds. Raises `redis.RedisError`."""
    ticket = secrets.token_urlsafe(32)
    client.set(_key(ticket), _encode(claims), ex=LIFE)
    return ticket


class TicketStore:
    """Redeems tickets, in the realtime process."""

    def __init__(self, url: str):
        self._redis = create_redis(url, connections=CONNECTIONS)

    async def redeem(self, ticket: str) -> AccessClaims | None:
        """Return the claims of a ticket, or None if it is unknown, expired or used. Raises `redis.RedisError`."""
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
