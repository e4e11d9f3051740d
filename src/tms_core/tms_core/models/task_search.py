"""The words of tasks for searches."""

from typing import cast

from sqlalchemy import Index, Table, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from tms_core.models.base import Base

# `search_vector` is a function of the migrations.
SEARCH_VECTOR = "search_vector(words)"


class TaskSearch(Base):
    """The folded words of a task; written by triggers on `task`, only when title or description change.

    In a table of its own, so that other changes of a task write no full-text index.
    """

    __tablename__ = "task_search"

    task_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    words: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        # Every search reads the whole pending list, so it is kept short.
        Index(
            "ix_task_search_vector",
            text(SEARCH_VECTOR),
            postgresql_using="gin",
            postgresql_with={"gin_pending_list_limit": 1024},
        ),
    )


TASK_SEARCH = cast(Table, TaskSearch.__table__)
