"""Tables of the web UI."""

from sqlalchemy import CheckConstraint, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from tms_core.models import Base


class FirstStart(Base):
    """The hash of the code with which the first administrator's account can be created; at most one row."""

    __tablename__ = "web_first_start"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False, default=1)
    digest: Mapped[bytes]
