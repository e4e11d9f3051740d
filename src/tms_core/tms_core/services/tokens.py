"""Logins: signing in, rotating refresh tokens, and ending logins."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from tms_core.access_tokens import AccessTokens
from tms_core.digests import digest_of
from tms_core.models import RefreshToken, User
from tms_core.services.account_lookup import account_named
from tms_core.services.passwords import is_password
from tms_core.settings import CoreSettings


@dataclass(frozen=True, slots=True)
class TokenPair:
    refresh: str
    access: str


@dataclass(frozen=True, slots=True)
class SeenFrom:
    """What a login is used from, for its owner to recognise it by."""

    user_agent: str | None = None
    address: str | None = None


UNSEEN = SeenFrom()


class TokenService:
    """Never commits. What it refuses it returns as None, because a refusal may have revoked something, which an
    exception would roll back."""

    def __init__(
        self,
        session: Session,
        access_tokens: AccessTokens,
        settings: CoreSettings,
        seen_from: SeenFrom = UNSEEN,
    ):
        self._session = session
        self._access_tokens = access_tokens
        self._seen_from = seen_from
        self._life = timedelta(days=settings.refresh_token_days)
        self._grace = timedelta(seconds=settings.refresh_grace_seconds)

    def sign_in(self, username: str, password: str) -> TokenPair | None:
        """A new login for a user name or e-mail address and its password; None where they do not fit."""
        user = account_named(self._session, username)
        proved = user.password_hash if user else None
        if not is_password(proved, password) or user is None:
            return None
        # Looked at again: meanwhile somebody may have changed the password, or closed the account.
        self._lock(user.id)
        self._session.refresh(user)
        if not user.is_active or user.password_hash != proved:
            return None
        return self.begin_login(user)

    def begin_login(self, user: User) -> TokenPair:
        """A new login for a user who has proved who it is."""
        return self._pair(user, uuid4(), func.now())

    def refresh(self, token: str) -> TokenPair | None:
        """A new pair for a refresh token, which is used up by it. Within the grace time a used one still answers
        (two tabs); used later, it was stolen: its whole family is revoked."""
        now = datetime.now(UTC)
        found = self._session.scalar(select(RefreshToken).where(RefreshToken.digest == digest_of(token)))
        if found is None:
            return None
        self._lock(found.user_id)
        self._session.refresh(found)
        if found.revoked_at or found.expires_at <= now:
            return None
        if found.used_at and now - found.used_at > self._grace:
            self._revoke(RefreshToken.family == found.family)
            return None
        user = self._session.get(User, found.user_id)
        if user is None or not user.is_active:
            return None
        found.used_at = found.used_at or now
        return self._pair(user, found.family, found.began_at)

    def revoke(self, token: str) -> None:
        """End the login of a refresh token; an unknown one is as good as revoked (RFC 7009, section 2.2)."""
        found = self._session.scalar(select(RefreshToken).where(RefreshToken.digest == digest_of(token)))
        if found:
            self._lock(found.user_id)
            self._revoke(RefreshToken.family == found.family)

    def revoke_login(self, user_id: int, family: UUID) -> None:
        """End one login of a user."""
        self._lock(user_id)
        self._revoke(RefreshToken.user_id == user_id, RefreshToken.family == family)

    def revoke_all(self, user_id: int, *, except_session: str | None = None) -> None:
        """End every login of a user, or every other one; their access tokens stop working within a second."""
        self._lock(user_id)
        criterion = RefreshToken.user_id == user_id
        if except_session is None:
            end_access(self._session, user_id)
            self._revoke(criterion)
        else:
            self._revoke(criterion, RefreshToken.family != UUID(except_session))

    def _lock(self, user_id: int) -> None:
        """Whoever begins, renews or ends a login of a user waits here for the others who do: a token that is just
        being made would else survive."""
        self._session.execute(select(User.id).where(User.id == user_id).with_for_update(key_share=True))

    def _revoke(self, *criteria) -> None:
        self._session.execute(
            update(RefreshToken)
            .where(RefreshToken.revoked_at.is_(None), *criteria)
            .values(revoked_at=func.clock_timestamp())
        )

    def _pair(self, user: User, family: UUID, began_at: datetime | ColumnElement[datetime]) -> TokenPair:
        token = secrets.token_urlsafe(32)
        self._session.add(
            RefreshToken(
                user_id=user.id,
                family=family,
                digest=digest_of(token),
                began_at=began_at,
                user_agent=self._seen_from.user_agent,
                address=self._seen_from.address,
                expires_at=datetime.now(UTC) + self._life,
            )
        )
        self._session.flush()
        access = self._access_tokens.create(
            user_id=user.id, is_admin=user.is_admin, session=str(family), epoch=user.token_epoch
        )
        return TokenPair(refresh=token, access=access)


def end_access(session: Session, user_id: int) -> None:
    """End the access tokens that a user holds now; its logins go on and get new ones by refreshing."""
    session.execute(
        update(User)
        .where(User.id == user_id)
        .values(token_epoch=User.token_epoch + 1, token_epoch_at=func.clock_timestamp())
    )
