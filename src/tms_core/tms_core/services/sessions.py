"""The sessions of a user, each a chain of refresh tokens."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from tms_core.error_codes import SESSION_NOT_FOUND
from tms_core.errors import NotFoundError
from tms_core.models import RefreshToken
from tms_core.runtime import Runtime
from tms_core.services.tokens import TokenService, unused
from tms_core.services.tokens import create_service as token_service


@dataclass(frozen=True, slots=True)
class UserSession:
    """A session; `last_used_at`, `user_agent` and `address` are those of its last sign-in or refresh."""

    id: UUID
    began_at: datetime
    last_used_at: datetime
    user_agent: str | None
    address: str | None


class SessionService:
    """Lists and ends the sessions of a user; never commits."""

    def __init__(self, session: Session, user_id: int, tokens: TokenService):
        self._session = session
        self._user_id = user_id
        self._tokens = tokens

    def list(self) -> Sequence[UserSession]:
        """Return the active sessions, the most recently used first."""
        token = RefreshToken
        newest = (
            select(token.session_id, token.began_at, token.created_at, token.user_agent, token.address)
            .where(*unused(self._user_id))
            .ext(distinct_on(token.session_id))
            .order_by(token.session_id, token.id.desc())
            .subquery()
        )
        return [UserSession(*row) for row in self._session.execute(select(newest).order_by(newest.c.created_at.desc()))]

    def end(self, session_id: UUID) -> None:
        """End a session; its access tokens stop working within a second."""
        if session_id not in {one.id for one in self.list()}:
            raise NotFoundError("You have no such session.", SESSION_NOT_FOUND)
        self._tokens.revoke_session(self._user_id, session_id)


def last_uses(session: Session, user_ids: Collection[int]) -> dict[int, datetime]:
    """Return the time of the last sign-in or refresh of each of these users that has an active session."""
    token = RefreshToken
    is_unused = (token.used_at.is_(None), token.revoked_at.is_(None), token.expires_at > func.now())
    newest = select(token.user_id, func.max(token.created_at)).where(token.user_id.in_(user_ids), *is_unused)
    return dict(session.execute(newest.group_by(token.user_id)).all())


def create_service(runtime: Runtime, session: Session, user_id: int) -> SessionService:
    return SessionService(session, user_id, token_service(runtime, session))
