"""Enqueues Celery tasks for mails and link requests."""

import logging
from collections.abc import Sequence

from kombu.exceptions import OperationalError
from sqlalchemy import event
from sqlalchemy.orm import Session

from tms_core.celery import app, use
from tms_core.runtime import Runtime

SEND_MAIL = "tms.notifications.send_mail"
# A Celery message takes the relay and the worker a millisecond each, so mails are batched. Batches are small enough for
# several workers to share the mails of a busy second.
MAILS_PER_TASK = 100
ANSWER_LINK_REQUESTS = "tms.notifications.answer_link_requests"
log = logging.getLogger(__name__)


def prepare() -> None:
    """Import and create what Celery loads lazily for its first task, because that would block the other threads."""
    _ = app.amqp.send_task_message, app.backend, app.producer_pool


def enqueue(mail_ids: Sequence[int]) -> None:
    """Enqueue the mails, `MAILS_PER_TASK` per Celery task.

    Logs a warning while Redis is down and does not raise: `send_waiting` enqueues these mails later.
    """
    for start in range(0, len(mail_ids), MAILS_PER_TASK):
        try:
            # Without a text of the arguments for logs, which takes as long as everything else.
            app.send_task(SEND_MAIL, tuple(mail_ids[start : start + MAILS_PER_TASK]), argsrepr="(…)")
        except OperationalError as error:
            log.warning("redis is down, %d mails wait: %s", len(mail_ids) - start, error)
            return


def enqueue_after_commit(runtime: Runtime, session: Session, mail_ids: Sequence[int]) -> None:
    """Enqueue the mails when the session's transaction has committed."""
    use(runtime)
    event.listen(session, "after_commit", lambda _session: enqueue(mail_ids), once=True)


def enqueue_link_requests() -> None:
    """Enqueue the task that answers link requests.

    Logs a warning while Redis is down and does not raise: `send_waiting` answers the requests later.
    """
    try:
        app.send_task(ANSWER_LINK_REQUESTS)
    except OperationalError as error:
        log.warning("redis is down, a link request waits: %s", error)
