"""The Celery tasks of mail. Each may be delivered twice or be cut off anywhere: the rows say what is done."""

from datetime import UTC, date, datetime

from tms_core.celery import app, current_runtime
from tms_core.runtime import Runtime
from tms_notifications.celery_queue import ANSWER_LINK_REQUESTS, SEND_MAIL, enqueue
from tms_notifications.delivery import MailDelivery
from tms_notifications.services.due_soon import create_service as due_soon_service
from tms_notifications.services.due_soon import today_in
from tms_notifications.services.link_requests import create_service as link_request_service
from tms_notifications.services.mails import create_service as mail_service
from tms_notifications.services.summaries import create_service as summary_service

HANDED_OUT_AT_ONCE = 500
USERS_AT_ONCE = 200


@app.task(name=SEND_MAIL)
def send_mail(*mail_ids: int) -> None:
    """Send mails, each unless it was sent. What goes wrong with one holds up no other."""
    delivery, errors = MailDelivery(current_runtime()), []
    for mail_id in mail_ids:
        try:
            delivery.deliver(mail_id)
        except Exception as error:  # noqa: BLE001 - raised behind the others
            error.add_note(f"mail {mail_id}")
            errors.append(error)
    if errors:
        raise ExceptionGroup(f"{len(errors)} of {len(mail_ids)} mails were not sent", errors)


@app.task(name=ANSWER_LINK_REQUESTS)
def answer_link_requests() -> None:
    """Make the mails of the links that were asked for, and queue them."""
    runtime = current_runtime()
    with runtime.transaction() as session:
        mail_ids = link_request_service(runtime, session).answer(HANDED_OUT_AT_ONCE)
    enqueue(mail_ids)


@app.task(name="tms.notifications.send_waiting")
def send_waiting() -> None:
    """Queue the mails that are due and that nobody has queued: put off by the server, held, or lost with Redis."""
    answer_link_requests()
    runtime = current_runtime()
    with runtime.transaction() as session:
        summary_service(runtime, session).release(USERS_AT_ONCE)
    with runtime.transaction() as session:
        mail_ids = mail_service(runtime, session).claim_due(HANDED_OUT_AT_ONCE)
    enqueue(mail_ids)


@app.task(name="tms.notifications.send_due_soon")
def send_due_soon() -> None:
    """To everyone who has no time zone of its own: what is due today or tomorrow in the deployment's."""
    runtime = current_runtime()
    _announce(runtime, today_in(runtime.core.zone), None)


@app.task(name="tms.notifications.send_missed_due_soon")
def send_missed_due_soon() -> None:
    """The same in users' own zones, and in the deployment's if ten o'clock was missed."""
    runtime = current_runtime()
    with runtime.transaction() as session:
        missed = due_soon_service(runtime, session).missed(datetime.now(UTC), runtime.core.zone)
    for today, zone in missed:
        _announce(runtime, today, zone)


def _announce(runtime: Runtime, today: date, zone: str | None) -> None:
    """A transaction for every few hundred users, so that none is long."""
    last: int | None = 0
    while last is not None:
        with runtime.transaction() as session:
            mail_ids, last = due_soon_service(runtime, session).announce(today, zone, after_user=last)
        enqueue(mail_ids)
    with runtime.transaction() as session:
        due_soon_service(runtime, session).end_morning(today, zone)
