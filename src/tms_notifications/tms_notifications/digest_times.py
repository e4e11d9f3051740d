"""The times of the daily digest."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo


def next_digest(now: datetime, hour: int, zone: ZoneInfo) -> datetime:
    """Return the next moment after `now` at which it is `hour` o'clock in the zone.

    On the day when the clock skips that hour, it is the first moment after it; when the clock repeats it, the first.
    """
    local = now.astimezone(zone)
    for days in (0, 1, 2):
        moment = datetime.combine(local.date() + timedelta(days=days), time(hour), zone).astimezone(now.tzinfo)
        if moment > now:
            return moment
    raise AssertionError("a day has at most 25 hours")
