"""Consecutive days of a time zone, and the instants at which they begin."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ARRAY, ColumnElement, DateTime, cast, func

from tms_core.services.instant_bounds import start_of

INSTANT = DateTime(timezone=True)


def shifted(day: date, days: int) -> date:
    """Return the day some days later, or the last or first one of the calendar."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return date.max if days > 0 else date.min


def bucket_of(instant: Any, bounds: Sequence[datetime]) -> ColumnElement[int]:
    """Return the number of ascending bounds up to an instant, as SQL; a binary search, faster than a conversion to
    local time."""
    return func.width_bucket(instant, cast(list(bounds), ARRAY(INSTANT)))


@dataclass(frozen=True)
class Days:
    """The days from `first` to `last`, inclusive; none if `last` is before `first`."""

    first: date
    last: date
    zone: ZoneInfo

    @classmethod
    def until(cls, last: date, number: int, zone: ZoneInfo) -> "Days":
        return cls(shifted(last, 1 - number), last, zone)

    def __len__(self) -> int:
        return max(0, (self.last - self.first).days + 1)

    @cached_property
    def dates(self) -> list[date]:
        return [self.first + timedelta(days=number) for number in range(len(self))]

    @property
    def start(self) -> datetime:
        return start_of(self.first, self.zone)

    def bucket(self, instant: Any) -> ColumnElement[int]:
        """Return the number of an instant's day as SQL, from 1; one more than there are days for later instants."""
        return bucket_of(instant, [start_of(day, self.zone) for day in [*self.dates, shifted(self.last, 1)]])
