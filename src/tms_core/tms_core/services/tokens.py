"""Sessions: signing in, rotating refresh tokens, and ending sessions."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from tms_core.auth.access_tokens import AccessTokens
from tms_core.auth.hashing import sha256_of
from tms_core.models import RefreshToken, User
from tms_core.runtime import Runtime
from tms_core.services.account_lookup import account_named
from tms_core.services.passwords import is_password
from tms_core.services.refresh_tokens import RefreshTokenChain
from tms_core.services.user_lock import lock_user
from tms_core.settings import CoreSettings


@dataclass(frozen=True, slots=True)
class TokenPair:
    refresh: str
    access: str


@dataclass(frozen=True, slots=True)
class ClientInfo:
    """The client of a session, by which its owner can recognise it."""

    user_agent: str | None = None
    address: str | None = None


UNKNOWN_CLIENT = ClientInfo()


class TokenService:
    """Manages sessions; never commits.

    Failures are returned as None, because an exception would roll back a revocation made on failure.
    """

    def __init__(
        self,
        session: Session,
        access_tokens: AccessTokens,
        settings: CoreSettings,
        client_info: ClientInfo = UNKNOWN_CLIENT,
    ):
        self._session = session
        self._access_tokens = access_tokens
        self._client_info = client_info
        self._life = timedelta(days=settings.refresh_token_days)
        self._grace = timedelta(seconds=settings.refresh_grace_seconds)
        self._max_sessions = settings.sessions_per_user
        self._chain = RefreshTokenChain(settings.jwt_key)

    def authenticate(self, username: str, password: str) -> User | None:
        """Return the active account with this user name or e-mail address, locked; None if the password is wrong."""
        user = account_named(self._session, username)
        verified_hash = user.password_hash if user else None
        if not is_password(verified_hash, password) or user is None:
            return None
        # Read again under the lock: the password may have changed, or the account may have been closed.
        lock_user(self._session, user.id)
        self._session.refresh(user)
        if not user.is_active or user.password_hash != verified_hash:
            return None
        return user

    def begin_session(self, user: User) -> TokenPair:
        """Create a session for an authenticated user; above the limit, the least recently used session ends."""
        pair = self._pair(user, RefreshToken(session_id=uuid4()), self._chain.first())
        self._end_surplus_sessions(user.id)
        return pair

    def refresh(self, token: str) -> TokenPair | None:
        """Use up a refresh token and return a new pair, or None if the token is not valid.

        Within the grace time, a used token (as from a second tab) returns the same successor. Later use counts as theft
        and revokes the whole session.
        """
        now = datetime.now(UTC)
        found = self._found(token)
        if found is None:
            return None
        lock_user(self._session, found.user_id)
        self._session.refresh(found)
        user = self._session.get(User, found.user_id, populate_existing=True)
        if not self._is_open(found, now) or user is None or not user.is_active:
            return None
        if found.used_at is None:
            found.used_at = now
            following = RefreshToken(session_id=found.session_id, began_at=found.began_at)
            return self._pair(user, following, self._chain.successor(token))
        if now - found.used_at > self._grace:
            self._revoke(RefreshToken.session_id == found.session_id)
            return None
        return self._present_pair(user, found, token, now)

    def revoke(self, token: str) -> None:
        """End the session of a refresh token; unknown tokens are ignored (RFC 7009, section 2.2)."""
        found = self._session.scalar(select(RefreshToken).where(RefreshToken.digest == sha256_of(token)))
        if found:
            lock_user(self._session, found.user_id)
            self._revoke(RefreshToken.session_id == found.session_id)

    def revoke_session(self, user_id: int, session_id: UUID) -> None:
        """End one session of a user."""
        lock_user(self._session, user_id)
        self._revoke(RefreshToken.user_id == user_id, RefreshToken.session_id == session_id)

    def revoke_all(self, user_id: int, *, except_session: str | None = None) -> None:
        """End all sessions of a user but `except_session`; their access tokens stop working within a second."""
        lock_user(self._session, user_id)
        criterion = RefreshToken.user_id == user_id
        if except_session is None:
            end_access(self._session, user_id)
            self._revoke(criterion)
        else:
            self._revoke(criterion, RefreshToken.session_id != UUID(except_session))

    def _revoke(self, *criteria) -> None:
        self._session.execute(
            update(RefreshToken)
            .where(RefreshToken.revoked_at.is_(None), *criteria)
            .values(revoked_at=func.clock_timestamp())
        )

    def _found(self, token: str) -> RefreshToken | None:
        return self._session.scalar(select(RefreshToken).where(RefreshToken.digest == sha256_of(token)))

    def _is_open(self, found: RefreshToken, now: datetime) -> bool:
        return found.revoked_at is None and found.expires_at > now

    def _present_pair(self, user: User, used: RefreshToken, token: str, now: datetime) -> TokenPair | None:
        """Return the present pair of a recently used token's session: the first unused token after it in the chain.

        Returns None if the chain was made with another key.
        """
        found: RefreshToken | None = used
        while found and found.used_at:
            token = self._chain.successor(token)
            found = self._found(token)
        if found is None or not self._is_open(found, now):
            return None
        return TokenPair(refresh=token, access=self._access(user, found))

    def _pair(self, user: User, row: RefreshToken, token: str) -> TokenPair:
        row.user_id = user.id
        row.digest = sha256_of(token)
        row.user_agent = self._client_info.user_agent
        row.address = self._client_info.address
        row.expires_at = datetime.now(UTC) + self._life
        self._session.add(row)
        self._session.flush()
        return TokenPair(refresh=token, access=self._access(user, row))

    def _access(self, user: User, row: RefreshToken) -> str:
        return self._access_tokens.create(
            user_id=user.id,
            is_admin=user.is_admin,
            session=str(row.session_id),
            epoch=user.token_epoch,
            authenticated_at=row.began_at.timestamp(),
        )

    def _end_surplus_sessions(self, user_id: int) -> None:
        surplus = (
            select(RefreshToken.session_id)
            .where(*unused(user_id))
            .group_by(RefreshToken.session_id)
            .order_by(func.max(RefreshToken.id).desc())
            .offset(self._max_sessions)
        )
        if session_ids := self._session.scalars(surplus).all():
            self._revoke(RefreshToken.user_id == user_id, RefreshToken.session_id.in_(session_ids))


def create_service(runtime: Runtime, session: Session, client_info: ClientInfo = UNKNOWN_CLIENT) -> TokenService:
    core = runtime.core
    return TokenService(session, AccessTokens(core.jwt_key, core.access_token_life), core, client_info)


def unused(user_id: int) -> tuple[ColumnElement[bool], ...]:
    """Return the criteria of the current refresh tokens of a user's active sessions, one per session."""
    token = RefreshToken
    return (
        token.user_id == user_id,
        token.used_at.is_(None),
        token.revoked_at.is_(None),
        token.expires_at > func.now(),
    )


def end_access(session: Session, user_id: int) -> None:
    """Revoke the present access tokens of a user; its sessions continue and get new ones by refreshing."""
    session.execute(
        update(User)
        .where(User.id == user_id)
        .values(token_epoch=User.token_epoch + 1, token_epoch_at=func.clock_timestamp())
    )
