"""Reading personal API tokens (`tms_…`), which users make for their scripts.

What a process knows of one is at most `INTERVAL` seconds old, so a script that asks often costs two looks into the
database a second, not one a request, and one that was taken back has ended everywhere within that time.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, func, or_, select, update

from tms_core.access_tokens import AccessClaims
from tms_core.hashing import sha256_of
from tms_core.models import PersonalToken, User
from tms_core.unknown_tokens import UnknownTokenLimit
from tms_core.values import id_in

PREFIX = "tms_"
SESSION_PREFIX = "personal-"
INTERVAL = 0.5
# `last_used_at` is written at most so often.
USE_NOTED_EVERY = timedelta(minutes=1)
MAX_KNOWN = 10_000


def session_of(token_id: int) -> str:
    """What stands in the place of a login in the claims of a personal token."""
    return f"{SESSION_PREFIX}{token_id}"


def token_id_of(session: str) -> int | None:
    """The id of the personal token that stands in the place of a session; None where it is a session."""
    return id_in(session.removeprefix(SESSION_PREFIX)) if session.startswith(SESSION_PREFIX) else None


class PersonalTokens:
    def __init__(self, engine: Engine, life: timedelta, limit: UnknownTokenLimit | None = None):
        """`life` is that of an access token: whoever goes on with the claims alone, as a socket does, must come back
        with the token after it. `limit` is how many unknown tokens a network may try; None: as many as it likes."""
        self._engine = engine
        self._limit = limit or UnknownTokenLimit(0)
        self._life = life
        self._known: dict[bytes, tuple[float, AccessClaims]] = {}

    def read(self, token: str, now: float, network: Callable[[], str] = lambda: "") -> AccessClaims | None:
        """The claims of a token that is neither taken back nor expired at `now` (epoch seconds), and whose user is
        active, else None. Raises when the database is away, and `TooManyRequestsError` for a token that the process
        does not know where `network`, which it comes from, has tried too many."""
        digest = sha256_of(token)
        read_at, claims = self._known.get(digest, (float("-inf"), None))
        if time.monotonic() - read_at >= INTERVAL:
            if claims is None:
                self._limit.require_room(network())
            claims = self._look(digest)
            if claims is None:
                self._limit.count(network())
        if claims is None or claims.expires_at <= now:
            return None
        return claims

    def _look(self, digest: bytes) -> AccessClaims | None:
        began = time.monotonic()
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            found = _find(connection, digest)
        if found is None:
            self._known.pop(digest, None)
            return None
        # Unknown ones are not kept, or guesses would push the others out.
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
    """The row of a token that holds, else None."""
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
