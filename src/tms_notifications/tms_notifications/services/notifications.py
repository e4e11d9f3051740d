"""Writes notifications: their rows, and the mails that they become."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson
from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from tms_notifications.models import Handling, Notification, NotificationMail
from tms_notifications.reasons import Reason
from tms_notifications.services.combining import CombinedMail
from tms_notifications.services.mails import MailService

# The rows are one JSON document, so that the statement does not depend on their number.
SET_MAILS = text("""
    UPDATE notification SET mail_id = given.mail_id, handling = given.handling, reason = given.reason, due_at = NULL
    FROM jsonb_to_recordset(CAST(:rows AS jsonb))
        AS given (id bigint, mail_id bigint, handling notification_handling, reason text)
    WHERE notification.id = given.id
""")


class InsertedMails(NamedTuple):
    """The ids of mails in their order, and of those that did not exist before."""

    ids: list[int | None]
    added: list[int]


class NotificationService:
    """Never commits."""

    def __init__(self, session: Session, mails: MailService):
        self._session = session
        self._mails = mails

    def existing(self, positions: Collection[int]) -> set[tuple[int, int]]:
        """Return the positions and users of these events that have a row already."""
        row = Notification
        found = self._session.execute(select(row.event_position, row.user_id).where(row.event_position.in_(positions)))
        return {(position, user_id) for position, user_id in found if position is not None}

    def add(self, rows: Sequence[Mapping[str, Any]]) -> list[int]:
        """Insert rows, and return their ids in the same order."""
        if not rows:
            return []
        statement = insert(Notification).returning(Notification.id, sort_by_parameter_order=True)
        return list(self._session.scalars(statement, rows))

    def add_mails(self, combined: Sequence[CombinedMail]) -> list[int]:
        """Insert the mails, and note them in their notifications. Returns the ids of the mails that did not exist."""
        mails = self.insert_mails(combined)
        self._set(
            {"id": row_id, "mail_id": mail_id, "handling": handling.value, "reason": reason}
            for one, mail_id in zip(combined, mails.ids, strict=True)
            for row_id, (handling, reason) in one.handling.items()
        )
        return mails.added

    def insert_mails(self, combined: Sequence[CombinedMail]) -> InsertedMails:
        """Insert the mails only, to users who exist."""
        added = self._mails.add_to_known([one.mail for one in combined])
        keys = [one.mail.key for one in combined]
        ids = added
        if len(added) < len(keys):
            mail = NotificationMail
            found = self._session.execute(select(mail.key, mail.id).where(mail.key.in_(keys)))
            ids = {row.key: row.id for row in found}
        return InsertedMails([ids.get(key) for key in keys], sorted(added.values()))

    def suppress(self, reasons: Mapping[int, Reason]) -> None:
        """Note that these notifications are not sent."""
        suppressed = Handling.SUPPRESSED.value
        self._set(
            {"id": row_id, "mail_id": None, "handling": suppressed, "reason": reason}
            for row_id, reason in reasons.items()
        )

    def _set(self, rows: Iterable[Mapping[str, Any]]) -> None:
        values = list(rows)
        if values:
            self._session.execute(SET_MAILS, {"rows": orjson.dumps(values).decode()})
