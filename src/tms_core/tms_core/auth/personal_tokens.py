"""Verification of personal API tokens (`tms_…`), which users create for scripts.

Each process caches a token for at most `INTERVAL` seconds: a busy script causes two database queries per second rather
than one per request, and a revoked token is rejected everywhere within that time.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, func, or_, select, update

from tms_core.auth.access_tokens import AccessClaims
from tms_core.auth.hashing import sha256_of
from tms_core.auth.unknown_tokens import UnknownTokenLimit
from tms_core.models import PersonalToken, User
from tms_core.values import id_in

PREFIX = "tms_"
SESSION_PREFIX = "personal-"
INTERVAL = 0.5
# Minimum interval between updates of `last_used_at`.
USE_NOTED_EVERY = timedelta(minutes=1)
MAX_KNOWN = 10_000


def session_of(token_id: int) -> str:
    """Return the `session` claim of a personal token."""
    return f"{SESSION_PREFIX}{token_id}"


def token_id_of(session: str) -> int | None:
    """Return the id of the personal token that a `session` claim refers to; None for a session of refresh tokens."""
    return id_in(session.removeprefix(SESSION_PREFIX)) if session.startswith(SESSION_PREFIX) else None


class PersonalTokens:
    def __init__(self, engine: Engine, life: timedelta, limit: UnknownTokenLimit | None = None):
        """`life` is the lifetime of the returned claims, that of an access token: sockets, which keep only the claims,
        must authenticate again after it. `limit` bounds the unknown tokens per network; None means unlimited."""
        self._engine = engine
        self._limit = limit or UnknownTokenLimit(0)
        self._life = life
        self._known: dict[bytes, tuple[float, AccessClaims]] = {}

    def read(self, token: str, now: float, network: Callable[[], str] = lambda: "") -> AccessClaims | None:
        """Return the claims of a token that is neither revoked nor expired at `now` (epoch seconds) and whose user is
        active, else None. `network` returns the client's network. Raises `TooManyRequestsError` for an uncached token
        if the network exceeds the limit of unknown tokens, and a database error while the database is down."""
        digest = sha256_of(token)
        read_at, claims = self._known.get(digest, (float("-inf"), None))
        if time.monotonic() - read_at >= INTERVAL:
            if claims is None:
                self._limit.require_room(network())
            claims = self._query(digest)
            if claims is None:
                self._limit.count(network())
        if claims is None or claims.expires_at <= now:
            return None
        return claims

    def _query(self, digest: bytes) -> AccessClaims | None:
        began = time.monotonic()
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            found = _find(connection, digest)
        if found is None:
            self._known.pop(digest, None)
            return None
        # Unknown tokens are not cached, so that guesses do not evict valid tokens.
        if len(self._known) >= MAX_KNOWN:
            self._known.clear()
        claims = self._claims(found)
        self._known[digest] = (began, claims)
        return claims

    def _claims(self, found: Any) -> AccessClaims:
        latest = datetime.now(UTC) + self._life
        return AccessClaims(
            found.user_id,
            found.is_admin,
            session_of(found.id),
            found.token_epoch,
            min(found.expires_at or latest, latest).timestamp(),
            frozenset(found.scopes),
        )


def _find(connection: Connection, digest: bytes) -> Any:
    """Return the row of a valid token, else None."""
    found = connection.execute(
        select(
            PersonalToken.id,
            PersonalToken.user_id,
            PersonalToken.scopes,
            PersonalToken.expires_at,
            User.is_admin,
            User.token_epoch,
            or_(PersonalToken.last_used_at.is_(None), PersonalToken.last_used_at < _lately()).label("is_new_use"),
        )
        .join(User, User.id == PersonalToken.user_id)
        .where(PersonalToken.digest == digest, PersonalToken.revoked_at.is_(None), User.is_active)
    ).one_or_none()
    if found and found.is_new_use:
        used = update(PersonalToken).where(PersonalToken.id == found.id)
        connection.execute(used.values(last_used_at=func.clock_timestamp()))
    return found


def _lately():
    return func.now() - USE_NOTED_EVERY
