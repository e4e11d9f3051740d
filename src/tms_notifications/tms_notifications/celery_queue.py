"""Telling the Celery workers of mails that are to be sent."""

import logging
from collections.abc import Sequence

from kombu.exceptions import OperationalError

from tms_core.celery import app

SEND_MAIL = "tms.notifications.send_mail"
# A task costs the relay a millisecond, which realtime would have to wait. So few that all workers have some, and that
# a slow mail server does not outlast `celery.VISIBILITY_SECONDS`.
MAILS_PER_TASK = 8
ANSWER_LINK_REQUESTS = "tms.notifications.answer_link_requests"
log = logging.getLogger(__name__)


def prepare() -> None:
    """Load what sending the first task would load: while that goes on, no other thread of the process does."""
    _ = app.amqp.send_task_message, app.backend, app.producer_pool


def enqueue(mail_ids: Sequence[int]) -> None:
    """Queue the mails, some a task. Never raises for want of Redis: what was not queued is found by `send_waiting`."""
    for start in range(0, len(mail_ids), MAILS_PER_TASK):
        try:
            app.send_task(SEND_MAIL, tuple(mail_ids[start : start + MAILS_PER_TASK]))
        except OperationalError as error:
            log.warning("redis is away, %d mails wait: %s", len(mail_ids) - start, error)
            return


def hint_at_requests() -> None:
    """Have a worker look at the requests for links. Never raises for want of Redis: `send_waiting` looks too."""
    try:
        app.send_task(ANSWER_LINK_REQUESTS)
    except OperationalError as error:
        log.warning("redis is away, a request for a link waits: %s", error)
