"""Informs the open pages of users that their inbox has changed."""

from collections.abc import Mapping

from sqlalchemy import event
from sqlalchemy.orm import Session

from tms_core.runtime import Runtime
from tms_core.user_messages import publish_all
from tms_notifications.services.inbox import COUNT_UNREAD_SQL, MAX_UNREAD


def push_unread(runtime: Runtime, newest: Mapping[int, int | None]) -> None:
    """Send `{"type": "notification", "id": …, "unread": …}` to users, with the id of their newest notification.

    None as id: notifications were read or archived. Does nothing while Redis is down.
    """
    if not newest or runtime.breaker.is_open:
        return
    parameters = {"users": list(newest), "most": MAX_UNREAD}
    unread = {row[0]: row[1] for row in runtime.single_statements.read(COUNT_UNREAD_SQL, parameters)}
    messages = [
        (user_id, {"type": "notification", "id": notification_id, "unread": unread.get(user_id, 0)})
        for user_id, notification_id in newest.items()
    ]
    runtime.breaker.call(lambda: publish_all(runtime.redis, messages), None)


def push_after_commit(runtime: Runtime, session: Session, user_id: int) -> None:
    """Inform the user's other pages when the session's transaction has committed."""
    event.listen(session, "after_commit", lambda _session: push_unread(runtime, {user_id: None}), once=True)
