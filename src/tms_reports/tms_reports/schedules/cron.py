"""Cron expressions: when a schedule runs next."""

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from tms_core.invalid_values import InvalidValueError
from tms_reports.error_codes import BAD_CRON, CRON_TOO_FREQUENT

FIELDS = 5
MIN_MINUTES = 60
# Runs that are looked at to find the shortest interval: more than one day of the most frequent ones.
EXAMINED = 50


def check_cron(expression: str) -> None:
    """Raise `InvalidValueError` unless the expression has five fields, a time to come, and no interval below
    `MIN_MINUTES`, not counting changes of the clock."""
    runs = _runs(expression)
    if not runs:
        raise InvalidValueError("never comes", BAD_CRON)
    if any(later - earlier < timedelta(minutes=MIN_MINUTES) for earlier, later in pairwise(runs)):
        message = f"must be at least {MIN_MINUTES} minutes apart"
        raise InvalidValueError(message, CRON_TOO_FREQUENT, minutes=MIN_MINUTES)


def next_run(expression: str, zone: ZoneInfo, after: datetime) -> datetime | None:
    """Return the first time after an instant; None if there is none. The clock's changes are treated as by cron: a
    skipped time comes when the clock goes on, a repeated one once."""
    # In the second pass of an hour, CronSim starts with the times of the first.
    after = after.astimezone(UTC)
    runs = CronSim(expression, after.astimezone(zone))
    return next((run for run in runs if run.astimezone(UTC) > after), None)


def _runs(expression: str) -> list[datetime]:
    if len(expression.split()) != FIELDS:
        raise InvalidValueError("must have five fields, such as 0 8 * * MON", BAD_CRON)
    try:
        return list(islice(CronSim(expression, datetime.now(UTC)), EXAMINED))
    except CronSimError as error:
        raise InvalidValueError(f"is no cron expression: {error}", BAD_CRON) from None
