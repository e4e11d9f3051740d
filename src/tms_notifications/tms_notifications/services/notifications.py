"""Writes notifications: their rows, and the mails that they become."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tms_notifications.models import Handling, Notification, NotificationMail
from tms_notifications.reasons import Reason
from tms_notifications.services.combining import CombinedMail
from tms_notifications.services.mails import MailService

# The rows are one JSON document, so that the statement does not depend on their number. Ids are assigned in the order
# of the rows, so the sorted ids correspond to them.
ADD = text("""
    WITH added AS (
        INSERT INTO notification_mail (key, user_id, kind, task_id, event_position, context, message_id)
        SELECT key, user_id, kind, task_id, event_position, context, message_id
        FROM jsonb_to_recordset(CAST(:mails AS jsonb)) AS mail (
            key text, user_id bigint, kind notification_mail_kind, task_id bigint, event_position bigint, context jsonb,
            message_id text
        )
        ON CONFLICT (key) DO NOTHING RETURNING key, id
    )
    INSERT INTO notification (
        user_id, kind, task_id, task_title, event_position, actor_id, changes, handling, reason, due_at, mail_id,
        is_in_inbox, created_at
    )
    SELECT user_id, kind, task_id, task_title, event_position, actor_id, changes, handling, reason, due_at,
        coalesce(mail_id, added.id), is_in_inbox, coalesce(created_at, now())
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS given (
        place bigint, user_id bigint, kind notification_kind, task_id bigint, task_title text, event_position bigint,
        actor_id bigint, changes jsonb, handling notification_handling, reason text, due_at timestamptz, mail_id bigint,
        mail_key text, is_in_inbox boolean, created_at timestamptz
    )
    LEFT JOIN added ON added.key = mail_key
    ORDER BY place
    RETURNING id, mail_id
""")
SET_EXISTING_MAILS = text("""
    UPDATE notification SET mail_id = mail.id
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS given (id bigint, mail_key text)
    JOIN notification_mail AS mail ON mail.key = mail_key
    WHERE notification.id = given.id AND notification.mail_id IS NULL
""")
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


class AddedNotifications(NamedTuple):
    """The ids of notifications in their order, and of the mails that did not exist before."""

    ids: list[int]
    mail_ids: list[int]


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

    def add(self, rows: Sequence[Mapping[str, Any]], combined: Sequence[CombinedMail] = ()) -> AddedNotifications:
        """Insert rows, and the mails that they are in, to users who exist. The ids in `combined` are indexes of
        `rows`."""
        if not rows:
            return AddedNotifications([], [])
        given = [{**row, "place": place} for place, row in enumerate(rows)]
        for one in combined:
            for index, (handling, reason) in one.handling.items():
                given[index] |= {"mail_key": one.mail.key, "handling": handling, "reason": reason}
        mails = self._mails.rows_of([one.mail for one in combined])
        added = sorted(self._session.execute(ADD, {"rows": _document(given), "mails": _document(mails)}))
        mail_ids = {mail_id for _, mail_id in added} - {None} if combined else set()
        if len(mail_ids) < len(combined):
            keys = [
                {"id": row_id, "mail_key": row.get("mail_key")} for row, (row_id, _) in zip(given, added, strict=True)
            ]
            self._session.execute(SET_EXISTING_MAILS, {"rows": _document(keys)})
        return AddedNotifications([row_id for row_id, _ in added], sorted(mail_ids))

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
            self._session.execute(SET_MAILS, {"rows": _document(values)})


def _document(rows: Sequence[Mapping[str, Any]]) -> str:
    return orjson.dumps(rows).decode()
