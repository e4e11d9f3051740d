"""Downgrades with rows that use values of the newer schema."""

from sqlalchemy import text

from tms_core.migrations_runner import downgrade, upgrade
from tms_notifications.models import MailKind, MailStatus, NotificationMail

ROWS = text("SELECT key, kind::text, status::text, reason FROM notification_mail ORDER BY id")


def test_a_downgrade_keeps_held_and_coalesced_mails_as_dropped(runtime, make_user):
    ann = make_user("ann")
    with runtime.transaction() as session:
        for key, kind, status, reason in (
            ("a", MailKind.ASSIGNED, MailStatus.HELD, "held"),
            ("b", MailKind.UPDATED, MailStatus.COALESCED, "told in mail 3"),
            ("c", MailKind.SUMMARY, MailStatus.WAITING, None),
            ("d", MailKind.DUE_SOON, MailStatus.WAITING, None),
        ):
            row = NotificationMail(key=key, user_id=ann.id, kind=kind, context={}, message_id=f"<{key}@x>")
            row.status, row.reason = status, reason
            session.add(row)

    downgrade(runtime, "notifications@notifications_0004")
    try:
        with runtime.engine.connect() as connection:
            rows = connection.execute(ROWS).all()
    finally:
        applied = upgrade(runtime)

    assert rows == [
        ("a", "assigned", "dropped", "held"),
        ("b", "updated", "dropped", "told in mail 3"),
        ("d", "due_soon", "waiting", None),
    ]
    assert applied[0] == "notifications_0005"
