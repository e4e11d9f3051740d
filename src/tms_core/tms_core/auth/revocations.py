"""Revoked access tokens that have not expired yet, known to every process within half a second.

Requests do not query the database for their tokens: each process reads the recent revocations at most twice per second,
and only while it serves requests.
"""

import threading
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import BigInteger, CompoundSelect, Engine, Uuid, cast, select, union_all

from tms_core.auth.access_tokens import AccessClaims
from tms_core.auth.personal_tokens import session_of
from tms_core.models import PersonalToken, RefreshToken, User

INTERVAL = 0.5


class Revocations:
    def __init__(self, engine: Engine, life: timedelta):
        """`life` is the lifetime of access tokens: older revocations concern expired tokens only."""
        self._engine = engine
        self._life = life + timedelta(minutes=1)
        self._epochs: dict[int, int] = {}
        self._sessions: frozenset[str] = frozenset()
        self._read_at = float("-inf")
        self._lock = threading.Lock()

    def is_revoked(self, claims: AccessClaims) -> bool:
        """Return whether the token's user or session was revoked after the token was issued; up to `INTERVAL` seconds
        out of date."""
        self.refresh()
        return self.knows(claims)

    def knows(self, claims: AccessClaims) -> bool:
        """Return `is_revoked` as of the last query, without blocking."""
        return claims.epoch < self._epochs.get(claims.user_id, 0) or claims.session in self._sessions

    def refresh(self, *, force: bool = False) -> None:
        """Query the database if the last query is older than `INTERVAL` seconds; raises while the database is down."""
        if not force and time.monotonic() - self._read_at < INTERVAL:
            return
        with self._lock:
            # Another thread may have refreshed while this one waited for the lock.
            if not force and time.monotonic() - self._read_at < INTERVAL:
                return
            began = time.monotonic()
            self._read()
            self._read_at = began

    def _read(self) -> None:
        since = datetime.now(UTC) - self._life
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            epochs = connection.execute(select(User.id, User.token_epoch).where(User.token_epoch_at > since)).all()
            sessions = connection.execute(_sessions_revoked(since)).all()
        self._sessions = frozenset(str(row.session_id or session_of(row.token_id)) for row in sessions)
        self._epochs = {row.id: row.token_epoch for row in epochs}


def _sessions_revoked(since: datetime) -> CompoundSelect[UUID | None, int | None]:
    """Select the revoked sessions and personal tokens."""
    no_session, no_token = cast(None, Uuid).label("session_id"), cast(None, BigInteger).label("token_id")
    refresh, personal = RefreshToken, PersonalToken
    sessions = select(refresh.session_id.label("session_id"), no_token).where(refresh.revoked_at > since).distinct()
    tokens = select(no_session, personal.id).where(personal.revoked_at > since)
    return union_all(sessions, tokens)
