"""Telling the Celery workers of mails that are to be sent."""

import logging
from collections.abc import Sequence

from kombu.exceptions import OperationalError

from tms_core.celery import app

SEND_MAIL = "tms.notifications.send_mail"
ANSWER_LINK_REQUESTS = "tms.notifications.answer_link_requests"
log = logging.getLogger(__name__)


def prepare() -> None:
    """Load what sending the first task would load: while that goes on, no other thread of the process does."""
    _ = app.amqp.send_task_message, app.backend, app.producer_pool


def enqueue(mail_ids: Sequence[int]) -> None:
    """Queue a task a mail. Never raises for want of Redis: what was not queued is found by `send_waiting`."""
    for position, mail_id in enumerate(mail_ids):
        try:
            app.send_task(SEND_MAIL, (mail_id,))
        except OperationalError as error:
            log.warning("redis is away, %d mails wait: %s", len(mail_ids) - position, error)
            return


def hint_at_requests() -> None:
    """Have a worker look at the requests for links. Never raises for want of Redis: `send_waiting` looks too."""
    try:
        app.send_task(ANSWER_LINK_REQUESTS)
    except OperationalError as error:
        log.warning("redis is away, a request for a link waits: %s", error)
