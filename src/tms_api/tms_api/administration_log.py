"""Logging of what administrators do to the accounts of others."""

import logging

from sqlalchemy import event

from tms_core.models import User

log = logging.getLogger(__name__)


def log_administration(request, user: User, action: str) -> None:
    """Log an action on an account of another user, once it is committed; `action` must contain no values of fields."""
    if request.actor.id == user.id:
        return
    sentence = f"user {request.actor.id} {action} account {user.id} ({user.username})"
    request_id = request.id
    event.listen(
        request.db, "after_commit", lambda _session: log.info("%s, request_id=%s", sentence, request_id), once=True
    )
