"""Deletes notifications, and mails that are finished or held, after their time, in small transactions."""

from sqlalchemy import text
from sqlalchemy.orm import Session

STEP = 1000
# Both tables are read in the order of their ids, which is about that of time, so that a step reads `STEP` rows at most.
DELETE_NOTIFICATIONS = text("""
    WITH oldest AS (SELECT id, created_at FROM notification WHERE id > :after ORDER BY id LIMIT :step),
    deleted AS (
        DELETE FROM notification USING oldest
        WHERE notification.id = oldest.id AND oldest.created_at < now() - :days * interval '1 day'
            AND notification.due_at IS NULL
        RETURNING notification.id
    )
    SELECT max(id), bool_or(created_at < now() - :days * interval '1 day'), (SELECT count(*) FROM deleted) FROM oldest
""")
DELETE_MAILS = text("""
    WITH oldest AS (SELECT id, created_at FROM notification_mail WHERE id > :after ORDER BY id LIMIT :step),
    deleted AS (
        DELETE FROM notification_mail AS mail USING oldest
        WHERE mail.id = oldest.id AND oldest.created_at < now() - :days * interval '1 day'
            AND mail.status <> 'waiting'
        RETURNING mail.id
    )
    SELECT max(id), bool_or(created_at < now() - :days * interval '1 day'), (SELECT count(*) FROM deleted) FROM oldest
""")


class RetentionService:
    """Never commits: one call is one step."""

    def __init__(self, session: Session, days: int):
        self._session = session
        self._days = days

    def delete_notifications(self, after: int) -> tuple[int | None, int]:
        """Delete those of the next `STEP` notifications after an id that are older than `days` days.

        Returns the last id, None if none of them is old, and how many were deleted.
        """
        return self._step(DELETE_NOTIFICATIONS, after)

    def delete_mails(self, after: int) -> tuple[int | None, int]:
        """Delete mails in the same way, except those that still wait. Held ones, for an address that nobody verifies,
        would otherwise be kept for ever."""
        return self._step(DELETE_MAILS, after)

    def _step(self, statement: object, after: int) -> tuple[int | None, int]:
        parameters = {"after": after, "step": STEP, "days": self._days}
        last, has_old, deleted = self._session.execute(statement, parameters).one()  # type: ignore[call-overload]
        return (last if has_old else None), deleted
