"""Celery tasks. Each may be delivered twice or interrupted anywhere: progress is recorded in the database."""

from datetime import UTC, date, datetime, timedelta

from tms_core.celery import app, current_runtime
from tms_core.runtime import Runtime
from tms_notifications.celery_queue import ANSWER_LINK_REQUESTS, SEND_MAIL, enqueue
from tms_notifications.delivery import MailDelivery
from tms_notifications.models import Delivery, Handling
from tms_notifications.pushing import push_unread
from tms_notifications.services.collecting import create_service as collecting_service
from tms_notifications.services.daily_runs import DUE_SOON_RUN, DailyRun, DailyRunService, digest_run
from tms_notifications.services.due_soon import create_service as due_soon_service
from tms_notifications.services.link_requests import create_service as link_request_service
from tms_notifications.services.mails import create_service as mail_service
from tms_notifications.services.retention import RetentionService
from tms_notifications.services.summaries import create_service as summary_service
from tms_notifications.settings import NotificationSettings

BATCH = 500
# Batches that `send_waiting` enqueues, at most: what a worker sends in the minute in which nobody enqueues them again.
MAX_BATCHES = 20
USER_BATCH = 200
# The worker's clock may be behind that of beat by so much.
CLOCK_TOLERANCE = timedelta(minutes=1)


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


@app.task(name="tms.notifications.collect")
def collect(handling: str = Handling.MAIL) -> None:
    """Add the mails of notifications that no longer wait, and enqueue them."""
    runtime = current_runtime()
    is_complete = False
    while not is_complete:
        with runtime.transaction() as session:
            collected = collecting_service(runtime, session).collect(Handling(handling), USER_BATCH)
        enqueue(collected.mail_ids)
        is_complete = collected.is_complete


@app.task(name="tms.notifications.send_waiting")
def send_waiting() -> None:
    """Enqueue due mails without a Celery message in flight: deferred, released from a hold, or lost with Redis."""
    answer_link_requests()
    runtime = current_runtime()
    with runtime.transaction() as session:
        summary_service(runtime, session).release(USER_BATCH)
    for _ in range(MAX_BATCHES):
        with runtime.transaction() as session:
            mail_ids = mail_service(runtime, session).claim_due(BATCH)
        enqueue(mail_ids)
        if len(mail_ids) < BATCH:
            break


@app.task(name="tms.notifications.send_due_soon")
def send_due_soon() -> None:
    """Send the daily mails of users without a preferred time zone, by the date in the deployment's zone.

    Does nothing before 10:00: a message of yesterday that is executed after midnight would send the mails of today,
    without the tasks that are assigned until then.
    """
    runtime = current_runtime()
    local = datetime.now(UTC).astimezone(runtime.core.zone)
    if DUE_SOON_RUN.has_come(local + CLOCK_TOLERANCE):
        _announce(runtime, DUE_SOON_RUN, Delivery.IMMEDIATE, local.date(), None)


@app.task(name="tms.notifications.send_missed_due_soon")
def send_missed_due_soon() -> None:
    """Send the daily mails in users' preferred time zones, and in the deployment's if its run was missed."""
    runtime = current_runtime()
    _announce_missed(runtime, DUE_SOON_RUN, Delivery.IMMEDIATE)


@app.task(name="tms.notifications.send_digests")
def send_digests() -> None:
    """Send the digests that are due: first, due tasks are added to them where the digest's hour has come."""
    runtime = current_runtime()
    hour = runtime.settings(NotificationSettings).digest_hour
    _announce_missed(runtime, digest_run(hour), Delivery.DIGEST)
    collect(Handling.DIGEST)


@app.task(name="tms.notifications.forget")
def forget() -> None:
    """Delete notifications, and mails that are finished or held, that are older than `tms.notifications.keep_days`."""
    runtime = current_runtime()
    days = runtime.settings(NotificationSettings).keep_days
    if not days:
        return
    for delete in (RetentionService.delete_notifications, RetentionService.delete_mails):
        last: int | None = 0
        while last is not None:
            with runtime.transaction() as session:
                last, _deleted = delete(RetentionService(session, days), last)


def _announce_missed(runtime: Runtime, run: DailyRun, delivery: Delivery) -> None:
    with runtime.transaction() as session:
        missed = DailyRunService(session, run).missed(datetime.now(UTC), runtime.core.zone)
    for today, zone in missed:
        _announce(runtime, run, delivery, today, zone)


def _announce(runtime: Runtime, run: DailyRun, delivery: Delivery, today: date, zone: str | None) -> None:
    """Add and enqueue the daily mails of one zone, in short transactions of some hundred users each."""
    last: int | None = 0
    while last is not None:
        with runtime.transaction() as session:
            announced = due_soon_service(runtime, session, delivery=delivery).announce(today, zone, after_user=last)
        last = announced.last_user
        enqueue(announced.mail_ids)
        push_unread(runtime, announced.newest)
    with runtime.transaction() as session:
        DailyRunService(session, run).finish(today, zone)
