"""The mail metrics of /metrics."""

from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client.core import GaugeMetricFamily
from sqlalchemy import text

from tms_core.runtime import Runtime
from tms_notifications.models import Handling, MailStatus

WAITING = text("""
    SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)
    FROM notification_mail WHERE status = 'waiting'
""")
# By the partial index on due_at, which has waiting notifications only.
NOTIFICATIONS = text("""
    SELECT handling::text, count(*), greatest(0, coalesce(extract(epoch FROM clock_timestamp() - min(due_at)), 0))
    FROM notification WHERE due_at IS NOT NULL GROUP BY handling
""")
# Bounded by the primary key, because it runs at every scrape.
LAST_DAY = text("""
    SELECT status::text, count(*) FROM notification_mail
    WHERE id > (SELECT max(id) - 100000 FROM notification_mail) AND created_at > now() - interval '1 day'
    GROUP BY status
""")
WAITS_FOR = {Handling.MAIL: "coalescing", Handling.DIGEST: "digest"}


@dataclass(frozen=True, slots=True)
class WaitingNotifications:
    """The number of notifications without a mail yet, and for how many seconds the first has been due.

    0 seconds: none is due, so all wait for the end of their coalescing window, or for the hour of the digest.
    """

    count: int
    overdue_seconds: float


@dataclass(frozen=True, slots=True)
class Backlog:
    """The number of waiting mails, and the age of the oldest in seconds."""

    mails: int
    seconds: float


def backlog(runtime: Runtime) -> Backlog:
    with runtime.engine.connect() as connection:
        mails, seconds = connection.execute(WAITING).one()
    return Backlog(mails, float(seconds))


def waiting_notifications(runtime: Runtime) -> dict[Handling, WaitingNotifications]:
    """Return those that wait for further changes (MAIL), and those that wait for the digest (DIGEST)."""
    with runtime.engine.connect() as connection:
        found = {row[0]: WaitingNotifications(row[1], float(row[2])) for row in connection.execute(NOTIFICATIONS)}
    return {one: found.get(one.value, WaitingNotifications(0, 0.0)) for one in (Handling.MAIL, Handling.DIGEST)}


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
    waiting_for = GaugeMetricFamily(
        "tms_notifications_waiting",
        "Notifications that wait for further changes (coalescing) or the digest.",
        labels=["for"],
    )
    overdue = GaugeMetricFamily(
        "tms_notifications_overdue_seconds", "How long the first of them has been due.", labels=["for"]
    )
    for handling, notifications in waiting_notifications(runtime).items():
        waiting_for.add_metric([WAITS_FOR[handling]], notifications.count)
        overdue.add_metric([WAITS_FOR[handling]], notifications.overdue_seconds)
    yield waiting_for
    yield overdue
