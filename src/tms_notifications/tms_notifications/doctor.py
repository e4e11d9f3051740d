"""The mail checks of `tms doctor`."""

from collections.abc import Iterator, Mapping

from sqlalchemy import text

from tms_core.doctor import Finding, bad, fine, warning
from tms_core.runtime import Runtime
from tms_notifications.errors import DeferredError
from tms_notifications.mailer import create_transport, mail_folder
from tms_notifications.metrics import Backlog, WaitingNotifications, backlog, waiting_notifications
from tms_notifications.models import Handling
from tms_notifications.settings import NotificationSettings
from tms_notifications.smtp import SmtpTransport

LATE_SECONDS = 600
# Beat has changes collected at least once a minute, digests each quarter of an hour.
OVERDUE_SECONDS = {Handling.MAIL: 300, Handling.DIGEST: 1500}
FAILED_ADVICE = "tms mail list --status failed says why, and tms mail retry --all sends them again."
FAILED = text(
    "SELECT count(*) FROM notification_mail WHERE status = 'failed' AND created_at > now() - interval '1 day'"
)


def check_mail(runtime: Runtime) -> Iterator[Finding]:
    yield _check_transport(runtime)
    yield from judge_backlog(backlog(runtime))
    yield from judge_notifications(waiting_notifications(runtime))
    with runtime.engine.connect() as connection:
        failed = connection.execute(FAILED).scalar_one()
    if failed:
        yield warning(f"{_mails(failed)} failed within a day", FAILED_ADVICE)


def judge_backlog(waiting: Backlog) -> Iterator[Finding]:
    if waiting.seconds > LATE_SECONDS:
        yield warning(
            f"{_mails(waiting.mails)} waiting, the oldest for {waiting.seconds / 60:.0f} minutes",
            "see that tms worker and tms beat run; tms mail list --status waiting says what the mail server answered.",
        )


def judge_notifications(waiting: Mapping[Handling, WaitingNotifications]) -> Iterator[Finding]:
    late = [one.overdue_seconds for handling, one in waiting.items() if one.overdue_seconds > OVERDUE_SECONDS[handling]]
    if late:
        yield warning(
            f"changes or digests have been due for {max(late) / 60:.0f} minutes without becoming mails",
            "see that tms beat and tms worker run, and whether the worker's log has errors.",
        )


def _check_transport(runtime: Runtime) -> Finding:
    transport = create_transport(runtime)
    if not isinstance(transport, SmtpTransport):
        return fine(f"mails are written to files in {mail_folder(runtime)}")
    settings = runtime.settings(NotificationSettings)
    server = f"{settings.email_host}:{settings.email_port}"
    try:
        transport.check()
    except DeferredError as error:
        return bad(
            f"{server} does not accept mail ({error})",
            "check EMAIL_HOST, EMAIL_PORT, EMAIL_USE_TLS, EMAIL_ID and EMAIL_PASSWORD.",
        )
    return fine(f"{server} accepts mail")


def _mails(count: int) -> str:
    return f"{count} mail{'s' if count != 1 else ''}"
