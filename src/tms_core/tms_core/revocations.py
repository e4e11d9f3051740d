"""Access tokens that were taken back before they expired, known to every process within half a second.

No request looks into the database for its own token: each process reads the few revocations of the last minutes,
at most twice a second, and only while requests come.
"""

import threading
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import BigInteger, CompoundSelect, Engine, Uuid, cast, select, union_all

from tms_core.access_tokens import AccessClaims
from tms_core.models import PersonalToken, RefreshToken, User
from tms_core.personal_tokens import session_of

INTERVAL = 0.5


class Revocations:
    def __init__(self, engine: Engine, life: timedelta):
        """`life` is how long an access token lives: older revocations concern none that is still valid."""
        self._engine = engine
        self._life = life + timedelta(minutes=1)
        self._epochs: dict[int, int] = {}
        self._sessions: frozenset[str] = frozenset()
        self._read_at = float("-inf")
        self._lock = threading.Lock()

    def is_revoked(self, claims: AccessClaims) -> bool:
        """Whether the token's user, or its login, was revoked after the token was made; as of `INTERVAL` ago."""
        self.refresh()
        return self.knows(claims)

    def knows(self, claims: AccessClaims) -> bool:
        """`is_revoked` as of the last look: for a thread that must not wait for one."""
        return claims.epoch < self._epochs.get(claims.user_id, 0) or claims.session in self._sessions

    def refresh(self, *, force: bool = False) -> None:
        """Read the database if the last look is older than `INTERVAL` seconds; raises when it is away."""
        if not force and time.monotonic() - self._read_at < INTERVAL:
            return
        with self._lock:
            # Whoever waited here finds that another thread has just looked.
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
        self._sessions = frozenset(str(row.family) if row.family else session_of(row.token_id) for row in sessions)
        self._epochs = {row.id: row.token_epoch for row in epochs}


def _sessions_revoked(since: datetime) -> CompoundSelect[UUID | None, int | None]:
    """Logins and personal tokens that were taken back."""
    logins = (
        select(RefreshToken.family, cast(None, BigInteger).label("token_id"))
        .where(RefreshToken.revoked_at > since)
        .distinct()
    )
    tokens = select(cast(None, Uuid).label("family"), PersonalToken.id).where(PersonalToken.revoked_at > since)
    return union_all(logins, tokens)
