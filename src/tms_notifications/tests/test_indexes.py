"""Pages and counts of one user do not read the user's other rows, of which there may be hundreds of thousands."""

from collections.abc import Callable

import pytest
from sqlalchemy import event, text

from tms_notifications.services.inbox import InboxService
from tms_notifications.services.ledger import LedgerService
from tms_notifications.services.summaries import create_service as summary_service

COUNT = 3_000
ADD_NOTIFICATIONS = text("""
    INSERT INTO notification (
        user_id, kind, task_id, task_title, event_position, changes, handling, is_in_inbox, read_at, archived_at
    )
    SELECT :user, 'updated', number, 'Paint', :first + number, '{}', 'mail', true, now(),
        CASE WHEN :archived THEN now() END
    FROM generate_series(1, :count) AS number
""")
ADD_MAILS = text("""
    INSERT INTO notification_mail (key, user_id, kind, context, message_id, status, sent_at)
    SELECT 'mail:' || number, :user, 'updated', :context, '', 'sent', now()
    FROM generate_series(1, :count) AS number
""")
CONTEXT = '{"task": {}, "actor_id": null, "at": ""}'
HOLD_TWO = text("UPDATE notification_mail SET status = 'held', sent_at = NULL WHERE id < 3")
END_HOLD = text("INSERT INTO notification_recipient (user_id, held_until) VALUES (:user, now())")
ANALYZE = text("ANALYZE notification, notification_mail")


@pytest.fixture
def plans(runtime) -> Callable[[Callable], str]:
    """Calls a function with a session. Returns the query plans of its SELECT statements."""

    def explain(action: Callable) -> str:
        with runtime.transaction() as session:
            session.execute(ANALYZE)
            executed = []
            connection = session.connection()

            def note(_connection, cursor, statement, parameters, _context, _is_many) -> None:
                if statement.startswith("SELECT"):
                    executed.append((statement, parameters))

            event.listen(connection, "before_cursor_execute", note)
            action(session)
            event.remove(connection, "before_cursor_execute", note)
            return "\n".join(
                line
                for statement, parameters in executed
                for line in connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).scalars()
            )

    return explain


@pytest.fixture
def add(runtime, bob):
    """Adds notifications to bob's inbox, or to its archive."""

    def run(count: int, *, archived: bool) -> None:
        with runtime.transaction() as session:
            values = {"user": bob.id, "count": count, "archived": archived, "first": COUNT * archived}
            session.execute(ADD_NOTIFICATIONS, values)

    return run


@pytest.mark.parametrize(("archived", "index"), [(False, "ix_notification_inbox"), (True, "ix_notification_archived")])
def test_a_page_of_the_inbox_does_not_read_the_rest(plans, add, bob, archived, index):
    add(COUNT, archived=not archived)
    add(5, archived=archived)

    def read(session) -> None:
        found = InboxService(session).page(bob.id, unread_only=False, archived=archived, before=None, limit=50)
        assert len(found) == 5

    assert index in plans(read)


def test_unread_notifications_are_found_without_the_others(plans, add, runtime, bob):
    add(COUNT, archived=False)
    with runtime.transaction() as session:
        session.execute(text("UPDATE notification SET read_at = NULL WHERE id = 1"))

    def read(session) -> None:
        found = InboxService(session).page(bob.id, unread_only=True, archived=False, before=None, limit=50)
        assert len(found) == 1

    assert "ix_notification_unread" in plans(read)


def test_notifications_of_a_task_are_found_without_the_others(plans, add, bob):
    add(COUNT, archived=False)

    def read(session) -> None:
        assert len(LedgerService(session).page(bob.id, task_id=7, limit=50)) == 1

    assert "ix_notification_task_id" in plans(read)


def test_held_mails_are_found_without_the_others(runtime, plans, caplog, bob):
    with runtime.transaction() as session:
        session.execute(ADD_MAILS, {"user": bob.id, "count": COUNT, "context": CONTEXT})
        session.execute(HOLD_TWO)
        session.execute(END_HOLD, {"user": bob.id})

    found = plans(lambda session: summary_service(runtime, session).release(1))

    assert not caplog.records
    assert "ix_notification_mail_held" in found
    assert "ix_notification_mail_user_id" not in found
