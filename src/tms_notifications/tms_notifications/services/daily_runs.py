"""The daily runs per time zone: which are due, and which are done."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tms_notifications.models import DailyDigestRun, NotificationDue, NotificationPreference
from tms_notifications.zones import zone_of

# Notifications of due dates older than this are deleted; in no time zone can such a date be today or tomorrow.
FORGET_AFTER = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class DailyRun:
    """A kind of run at a time of day. `prefix` distinguishes its rows of `DailyDigestRun`."""

    at: time
    prefix: str = ""

    def has_come(self, local: datetime) -> bool:
        """Whether the time of the run has come on the day of `local`, which is in the zone of the run."""
        return local.time() >= self.at


# Mails about due tasks.
DUE_SOON_RUN = DailyRun(time(10))


def digest_run(hour: int) -> DailyRun:
    """Return the run that adds due tasks to digests."""
    return DailyRun(time(hour), "digest:")


class DailyRunService:
    """Never commits."""

    def __init__(self, session: Session, run: DailyRun):
        self._session = session
        self._run = run

    def missed(self, now: datetime, deployment: ZoneInfo) -> list[tuple[date, str | None]]:
        """Return the day and zone of each run that is due: its time has come there, and today's run is not done.

        The zone None is the deployment's; it is included in case beat was down, or its message was lost, at that time.
        """
        own = self._session.scalars(
            select(NotificationPreference.timezone).where(NotificationPreference.timezone.is_not(None)).distinct()
        )
        done = {run.zone: run.day for run in self._session.scalars(select(DailyDigestRun))}
        zones = {None: deployment} | {zone: zone_of(zone, deployment) for zone in own if zone}
        local = [(zone, now.astimezone(info)) for zone, info in zones.items()]
        return [
            (at.date(), zone)
            for zone, at in local
            if self._run.has_come(at) and done.get(self._key(zone), date.min) < at.date()
        ]

    def finish(self, today: date, zone: str | None) -> None:
        """Record that the run of a zone is complete, and delete notifications of past due dates."""
        statement = insert(DailyDigestRun).values(zone=self._key(zone), day=today)
        self._session.execute(statement.on_conflict_do_update(index_elements=["zone"], set_={"day": today}))
        self._session.execute(delete(NotificationDue).where(NotificationDue.due_date < today - FORGET_AFTER))

    def _key(self, zone: str | None) -> str:
        return f"{self._run.prefix}{zone or ''}"
