"""Users and their refresh tokens."""

from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Table, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column, validates

from tms_core.identity.email_addresses import email_key
from tms_core.identity.usernames import username_key
from tms_core.models.base import Base, CreatedAt, Id


def _username_key(context: Any) -> str:
    return username_key(context.get_current_parameters()["username"])


def _email_key(context: Any) -> str | None:
    email = context.get_current_parameters().get("email")
    return None if email is None else email_key(email)


class User(Base):
    """An account. A deleted account keeps its row and user name, to which tasks and events refer, but no personal
    data."""

    __tablename__ = "users"

    id: Mapped[Id]
    username: Mapped[str] = mapped_column(String(150))
    email: Mapped[str | None] = mapped_column(String(254))
    # Normalised user name and address, by which accounts are unique. None for the address of a deleted account, and for
    # accounts whose key was a duplicate when the column was added; these are found by their exact spelling only.
    username_key: Mapped[str | None] = mapped_column(Text, default=_username_key)
    email_key: Mapped[str | None] = mapped_column(Text, default=_email_key)
    password_hash: Mapped[str | None] = mapped_column(String(255))
    first_name: Mapped[str] = mapped_column(String(150), server_default="")
    last_name: Mapped[str] = mapped_column(String(150), server_default="")
    is_admin: Mapped[bool] = mapped_column(server_default="false")
    is_active: Mapped[bool] = mapped_column(server_default="true")
    # When the owner verified `email` or an administrator set it; reset to None when `email` changes.
    email_verified_at: Mapped[datetime | None]
    # When the owner last changed the address, unless reverted; None if the address never changed.
    email_changed_at: Mapped[datetime | None]
    # Part of access tokens; raising it revokes all tokens issued before.
    token_epoch: Mapped[int] = mapped_column(server_default="0")
    token_epoch_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]
    deleted_at: Mapped[datetime | None]

    __table_args__ = (
        Index("uq_users_username_lower", func.lower(text("username")), unique=True),
        Index("uq_users_email_lower", func.lower(text("email")), unique=True),
        Index("uq_users_username_key", "username_key", unique=True),
        Index("uq_users_email_key", "email_key", unique=True),
        Index("ix_users_token_epoch_at", "token_epoch_at", postgresql_where=text("token_epoch_at IS NOT NULL")),
        CheckConstraint("username <> ''", name="username_not_empty"),
        CheckConstraint("deleted_at IS NOT NULL OR email IS NOT NULL", name="email_while_alive"),
        CheckConstraint("deleted_at IS NULL OR NOT is_active", name="deleted_is_inactive"),
    )

    @validates("username")
    def _set_username_key(self, _name: str, username: str) -> str:
        self.username_key = username_key(username)
        return username

    @validates("email")
    def _set_email_key(self, _name: str, email: str | None) -> str | None:
        self.email_key = None if email is None else email_key(email)
        return email

    @property
    def email_verified(self) -> bool:
        return self.email_verified_at is not None


# For statements that return plain rows.
USERS = cast(Table, User.__table__)


class RefreshToken(Base):
    """One refresh token, stored as its SHA-256. A session is a chain of tokens, each made from the one before."""

    __tablename__ = "refresh_token"

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    session_id: Mapped[UUID] = mapped_column("family")
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    created_at: Mapped[CreatedAt]
    # When the session began: the same for all of its tokens.
    began_at: Mapped[CreatedAt]
    # The client that requested this token.
    user_agent: Mapped[str | None] = mapped_column(String(200))
    address: Mapped[str | None] = mapped_column(String(45))
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_refresh_token_user_id", "user_id"),
        # One unused token per session, among many used ones.
        Index("ix_refresh_token_unused", "user_id", postgresql_where=text("used_at IS NULL AND revoked_at IS NULL")),
        Index("ix_refresh_token_family", "family"),
        Index("ix_refresh_token_revoked_at", "revoked_at", postgresql_where=text("revoked_at IS NOT NULL")),
    )
