"""The API's own tables."""

from typing import Any

from sqlalchemy import Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from tms_core.models.base import Base, CreatedAt, Id


class IdempotencyKey(Base):
    """A request executed with an Idempotency-Key, and its response. `body` is NULL if it was too long to be stored.

    `owner` is 0 for an anonymous request; `key` is then a digest of the key and the whole request.
    """

    __tablename__ = "api_idempotency_key"

    id: Mapped[Id]
    owner: Mapped[int]
    key: Mapped[str] = mapped_column(String(255))
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary(32))
    status: Mapped[int | None]
    headers: Mapped[dict[str, Any] | None]
    body: Mapped[bytes | None]
    created_at: Mapped[CreatedAt]

    __table_args__ = (
        Index("uq_api_idempotency_key_owner_key", "owner", "key", unique=True),
        Index("ix_api_idempotency_key_created_at", "created_at"),
    )
