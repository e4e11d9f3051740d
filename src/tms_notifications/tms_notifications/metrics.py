"""The mail metrics of /metrics."""

from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client.core import GaugeMetricFamily
from sqlalchemy import text

from tms_core.runtime import Runtime
from tms_notifications.models import MailStatus

WAITING = text("""
    SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)
    FROM notification_mail WHERE status = 'waiting'
""")
# Bounded by the primary key, because it runs at every scrape.
LAST_DAY = text("""
    SELECT status::text, count(*) FROM notification_mail
    WHERE id > (SELECT max(id) - 100000 FROM notification_mail) AND created_at > now() - interval '1 day'
    GROUP BY status
""")


@dataclass(frozen=True, slots=True)
class Backlog:
    """The number of waiting mails, and the age of the oldest in seconds."""

    mails: int
    seconds: float


def backlog(runtime: Runtime) -> Backlog:
    with runtime.engine.connect() as connection:
        mails, seconds = connection.execute(WAITING).one()
    return Backlog(mails, float(seconds))


def collect(runtime: Runtime) -> Iterator[GaugeMetricFamily]:
    waiting = backlog(runtime)
    yield GaugeMetricFamily("tms_mails_waiting", "Mails that are not sent yet.", waiting.mails)
    yield GaugeMetricFamily("tms_mails_oldest_seconds", "How long the oldest of them has waited.", waiting.seconds)
    with runtime.engine.connect() as connection:
        counts = dict(map(tuple, connection.execute(LAST_DAY)))
    last_day = GaugeMetricFamily("tms_mails_of_the_day", "Mails of the last 24 hours.", labels=["status"])
    for status in MailStatus:
        last_day.add_metric([status], counts.get(status, 0))
    yield last_day
