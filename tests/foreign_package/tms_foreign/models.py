from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from tms_core.models import Base


class ForeignNote(Base):
    __tablename__ = "foreign_note"

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    # No foreign key: the task may be gone again when its event comes.
    task_id: Mapped[int]
    title: Mapped[str] = mapped_column(String(200))
