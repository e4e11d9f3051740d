"""Celery tasks. Each may be delivered twice or interrupted anywhere: progress is recorded in the database."""

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

BATCH = 500
USER_BATCH = 200


@app.task(name=SEND_MAIL)
def send_mail(*mail_ids: int) -> None:
    """Send mails that are not sent yet."""
    MailDelivery(current_runtime()).deliver(mail_ids)


@app.task(name=ANSWER_LINK_REQUESTS)
def answer_link_requests() -> None:
    """Answer link requests: add the mails and enqueue them."""
    runtime = current_runtime()
    with runtime.transaction() as session:
        mail_ids = link_request_service(runtime, session).answer(BATCH)
    enqueue(mail_ids)


@app.task(name="tms.notifications.send_waiting")
def send_waiting() -> None:
    """Enqueue due mails without a Celery message in flight: deferred, released from a hold, or lost with Redis."""
    answer_link_requests()
    runtime = current_runtime()
    with runtime.transaction() as session:
        summary_service(runtime, session).release(USER_BATCH)
    with runtime.transaction() as session:
        mail_ids = mail_service(runtime, session).claim_due(BATCH)
    enqueue(mail_ids)


@app.task(name="tms.notifications.send_due_soon")
def send_due_soon() -> None:
    """Send the daily mails of users without a preferred time zone, by the date in the deployment's zone."""
    runtime = current_runtime()
    _announce(runtime, today_in(runtime.core.zone), None)


@app.task(name="tms.notifications.send_missed_due_soon")
def send_missed_due_soon() -> None:
    """Send the daily mails in users' preferred time zones, and in the deployment's if its run was missed."""
    runtime = current_runtime()
    with runtime.transaction() as session:
        missed = due_soon_service(runtime, session).missed(datetime.now(UTC), runtime.core.zone)
    for today, zone in missed:
        _announce(runtime, today, zone)


def _announce(runtime: Runtime, today: date, zone: str | None) -> None:
    """Add and enqueue the daily mails of one zone, in short transactions of some hundred users each."""
    last: int | None = 0
    while last is not None:
        with runtime.transaction() as session:
            mail_ids, last = due_soon_service(runtime, session).announce(today, zone, after_user=last)
        enqueue(mail_ids)
    with runtime.transaction() as session:
        due_soon_service(runtime, session).finish_run(today, zone)
