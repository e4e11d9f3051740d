"""The mail checks of `tms doctor` and the mail metrics of /metrics."""

from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client.core import GaugeMetricFamily
from sqlalchemy import text

from tms_core.doctor import Finding, bad, fine, warning
from tms_core.runtime import Runtime
from tms_notifications.errors import DeferredError
from tms_notifications.mailer import create_transport
from tms_notifications.models import MailStatus
from tms_notifications.settings import NotificationSettings
from tms_notifications.smtp import SmtpTransport

LATE_SECONDS = 600
WAITING = text("""
    SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)
    FROM notification_mail WHERE status = 'waiting'
""")
FAILED = text(
    "SELECT count(*) FROM notification_mail WHERE status = 'failed' AND created_at > now() - interval '1 day'"
)

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


def check_mail(runtime: Runtime) -> Iterator[Finding]:
    yield _check_transport(runtime)
    yield from judge_backlog(backlog(runtime))
    with runtime.engine.connect() as connection:
        failed = connection.execute(FAILED).scalar_one()
    if failed:
        yield warning(f"{_mails(failed)} failed within a day: tms mail list --status failed says why.")


def judge_backlog(waiting: Backlog) -> Iterator[Finding]:
    if waiting.seconds > LATE_SECONDS:
        yield warning(
            f"{_mails(waiting.mails)} waiting, the oldest for {waiting.seconds / 60:.0f} minutes: see that tms worker "
            "and tms beat run; tms mail list --status waiting says what the mail server answered."
        )


def _check_transport(runtime: Runtime) -> Finding:
    transport = create_transport(runtime)
    if not isinstance(transport, SmtpTransport):
        return fine(f"mails are written to files in {runtime.core.state_dir / 'mail'}")
    settings = runtime.settings(NotificationSettings)
    server = f"{settings.email_host}:{settings.email_port}"
    try:
        transport.check()
    except DeferredError as error:
        return bad(
            f"{server} does not accept mail ({error}): check EMAIL_HOST, EMAIL_PORT, EMAIL_USE_TLS, EMAIL_ID and "
            "EMAIL_PASSWORD."
        )
    return fine(f"{server} accepts mail")


def _mails(count: int) -> str:
    return f"{count} mail{'s' if count != 1 else ''}"
