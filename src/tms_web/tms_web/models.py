"""Tables of the web UI."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, String, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from tms_core.models import Base
from tms_core.models.base import CreatedAt, Id

VIEW_NAME_LENGTH = 100
VIEW_QUERY_LENGTH = 2_000


class FirstStart(Base):
    """The hash of the code with which the first administrator's account can be created; at most one row."""

    __tablename__ = "web_first_start"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False, default=1)
    digest: Mapped[bytes]


class SavedView(Base):
    """A page of tasks with its query and columns under a name; shared ones are visible to all users."""

    __tablename__ = "web_saved_view"

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(VIEW_NAME_LENGTH))
    page: Mapped[str] = mapped_column(String(30))
    query: Mapped[str] = mapped_column(String(VIEW_QUERY_LENGTH))
    columns: Mapped[list[str] | None] = mapped_column(ARRAY(String(30)))
    is_shared: Mapped[bool]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        UniqueConstraint("user_id", "name"),
        Index("ix_web_saved_view_is_shared", "name", postgresql_where=text("is_shared")),
    )
