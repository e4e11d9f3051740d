"""Tables of the kept counters."""

from datetime import datetime

from sqlalchemy import ARRAY, BigInteger, Boolean, SmallInteger, func, text
from sqlalchemy.orm import Mapped, mapped_column

from tms_core.models import Base
from tms_core.models.base import CreatedAt, Id


class ReportCounter(Base):
    """How many tasks of a scope have a key in a dimension, by status and priority (`tms_reports.counters.keys`)."""

    __tablename__ = "report_counter"

    scope: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    owner: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    dimension: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    key: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    numbers: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))

    # Room for new versions of a row on its page.
    __table_args__ = {"postgresql_with": {"fillfactor": 70}}


class ReportCounterState(Base):
    """What the counters contain; no row if they were never built. They are complete while `bulk_loads` is the number of
    rows of `report_bulk_load`."""

    __tablename__ = "report_counter_state"

    is_only: Mapped[bool] = mapped_column(Boolean, primary_key=True, server_default=text("true"))
    is_personal: Mapped[bool]
    bulk_loads: Mapped[int]
    built_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ReportBulkLoad(Base):
    """A statement that added or deleted tasks without events; triggers on `task` add a row in its transaction. Counters
    that do not contain it are outdated."""

    __tablename__ = "report_bulk_load"

    id: Mapped[Id]
    created_at: Mapped[CreatedAt]
