"""The Celery tasks of mail. Each may be delivered twice or be cut off anywhere: the rows say what is done."""

from datetime import UTC, date, datetime

from tms_core.celery import app, current_runtime
from tms_notifications.queueing import SEND_MAIL, enqueue
from tms_notifications.services.due_soon import DueSoonService, today_in
from tms_notifications.services.sending import create_mails, create_service

HANDED_OUT_AT_ONCE = 500


@app.task(name=SEND_MAIL)
def send_mail(mail_id: int) -> None:
    """Send one mail, unless it was sent."""
    runtime = current_runtime()
    with runtime.transaction() as session:
        create_service(runtime, session).send(mail_id)


@app.task(name="tms.notifications.send_waiting")
def send_waiting() -> None:
    """Queue the mails that are due and that nobody has queued: put off by the server, or lost with Redis."""
    runtime = current_runtime()
    with runtime.transaction() as session:
        mail_ids = create_mails(runtime, session).hand_out(HANDED_OUT_AT_ONCE)
    enqueue(mail_ids)


@app.task(name="tms.notifications.send_due_soon")
def send_due_soon() -> None:
    """To everyone who has no time zone of its own: what is due today or tomorrow in the deployment's."""
    runtime = current_runtime()
    today = today_in(runtime.core.zone)
    _announce(today, None)
    with runtime.transaction() as session:
        DueSoonService(session, create_mails(runtime, session)).forget_past(today)


@app.task(name="tms.notifications.send_due_soon_in_own_zones")
def send_due_soon_in_own_zones() -> None:
    """The same to those who have one, where it is ten o'clock or later and today's was not made yet."""
    runtime = current_runtime()
    with runtime.transaction() as session:
        zones = DueSoonService(session, create_mails(runtime, session)).zones_at_ten(datetime.now(UTC))
    for zone, today in zones.items():
        _announce(today, zone)
        with runtime.transaction() as session:
            DueSoonService(session, create_mails(runtime, session)).note_looked_through(zone, today)


def _announce(today: date, zone: str | None) -> None:
    """A transaction for every few hundred users, so that none is long."""
    runtime = current_runtime()
    last: int | None = 0
    while last is not None:
        with runtime.transaction() as session:
            service = DueSoonService(session, create_mails(runtime, session))
            mail_ids, last = service.announce(today, zone, after_user=last)
        enqueue(mail_ids)
