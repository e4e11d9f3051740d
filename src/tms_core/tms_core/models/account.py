"""Personal API tokens and mailed account links."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Enum, ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from tms_core.models.base import Base, CreatedAt, Id

NAME_LENGTH = 100


class PersonalToken(Base):
    """A token for a user's scripts, stored as its SHA-256; `hint` helps the owner to recognise it."""

    __tablename__ = "personal_token"

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    hint: Mapped[str] = mapped_column(String(20))
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(String(50)))
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_personal_token_user_id", "user_id"),
        Index("ix_personal_token_revoked_at", "revoked_at", postgresql_where=text("revoked_at IS NOT NULL")),
    )


class LinkPurpose(StrEnum):
    PASSWORD_RESET = "password_reset"  # noqa: S105 - a purpose
    EMAIL_VERIFICATION = "email_verification"
    EMAIL_CHANGE = "email_change"


class AccountLink(Base):
    """A one-time link mailed to `email`. Its token is not stored but derived from the signing key and `seed`; `digest`
    is the token's SHA-256."""

    __tablename__ = "account_link"

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    purpose: Mapped[LinkPurpose] = mapped_column(
        Enum(
            LinkPurpose,
            name="account_link_purpose",
            values_callable=lambda kinds: [kind.value for kind in kinds],
        )
    )
    email: Mapped[str] = mapped_column(String(254))
    seed: Mapped[bytes] = mapped_column(LargeBinary(32))
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]
    # For a link that reverts a change of address: the key of `email`, reserved until the link expires.
    reserved_key: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        Index("ix_account_link_user_id", "user_id"),
        Index("ix_account_link_reserved_key", "reserved_key", postgresql_where=text("reserved_key IS NOT NULL")),
    )
