"""The sink: each event adds one row per mail, once, even while Redis is down."""

import json
import socket
import threading
from base64 import b64decode

import pytest
from sqlalchemy import delete, select, text

from tms_core.app import configure
from tms_core.celery import app as celery
from tms_core.celery import use
from tms_core.event_log.events import read_events
from tms_core.event_log.positions import assign_positions
from tms_core.relay.recent_events import RecentEvents
from tms_core.relay.sink_transaction import sink_transaction
from tms_notifications.celery_queue import MAILS_PER_TASK, SEND_MAIL, enqueue, enqueue_link_requests
from tms_notifications.models import MailStatus, Notification
from tms_notifications.sink import NotificationsSink


@pytest.fixture
def queued(runtime):
    """Returns the number of mails in the queued Celery messages."""

    def count() -> int:
        messages = map(json.loads, runtime.redis.lrange("tms:celery:tms", 0, -1))
        return sum(len(json.loads(b64decode(message["body"]))[0]) for message in messages)

    return count


def test_each_change_adds_its_mails(tasks, mail_log, relay_once, ann, bob):
    task_id = tasks.create(ann, assigned_to=ann.id)
    tasks.change(ann, task_id, title="Paint the gate")
    tasks.change(ann, task_id, assigned_to=bob.id, title="Paint the door")
    tasks.delete(ann, task_id)
    relay_once()

    assert mail_log.kinds() == [
        (ann.id, "assigned"),
        (ann.id, "updated"),
        (ann.id, "unassigned"),
        (bob.id, "assigned"),
        (bob.id, "deleted"),
    ]


def test_an_empty_change_adds_no_mail(tasks, mail_log, relay_once, ann):
    task_id = tasks.create(ann, assigned_to=ann.id, title="Same")
    tasks.change(ann, task_id, title="Same")
    relay_once()

    assert mail_log.kinds() == [(ann.id, "assigned")]


def test_each_mail_is_queued(tasks, relay_once, queued, ann, bob):
    task_id = tasks.create(ann, assigned_to=ann.id)
    tasks.change(ann, task_id, assigned_to=bob.id)
    relay_once()

    assert queued() == 3


def test_mails_are_queued_in_batches(runtime, tasks, relay_once, queued, ann):
    for _ in range(MAILS_PER_TASK + 5):
        tasks.create(ann, assigned_to=ann.id)
    relay_once()

    assert queued() == MAILS_PER_TASK + 5
    assert runtime.redis.llen("tms:celery:tms") == 2


@pytest.fixture
def refusing_broker():
    """A server that closes each connection at once and counts them."""
    connections = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def refuse() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                connections.append(connection)
                connection.close()

        threading.Thread(target=refuse, daemon=True).start()
        yield listening.getsockname()[1], connections
        listening.shutdown(socket.SHUT_RDWR)


def test_an_unreachable_broker_is_tried_once_per_message(runtime, ini, refusing_broker):
    port, connections = refusing_broker
    use(configure(ini | {"tms.redis_url": f"redis://127.0.0.1:{port}/0"}, web=False).registry.tms)
    try:
        enqueue([1])
        enqueue_link_requests()
    finally:
        use(runtime)

    assert len(connections) == 2


def test_redelivered_events_add_nothing(runtime, tasks, mail_log, relay_once, queued, ann):
    tasks.create(ann, assigned_to=ann.id)
    relay_once()
    runtime.redis.delete("tms:celery:tms")
    before = [(row.key, row.message_id) for row in mail_log.rows()]

    sink = NotificationsSink(runtime)
    with runtime.transaction() as session:
        events = read_events(session, after=0, limit=10)
        added = sink.deliver(session, events)
    sink.after_commit(added)

    assert [(row.key, row.message_id) for row in mail_log.rows()] == before
    assert queued() == 0


def test_a_lost_row_is_added_again_with_the_same_message_id(runtime, tasks, mail_log, relay_once, ann):
    tasks.create(ann, assigned_to=ann.id)
    relay_once()
    lost = mail_log.row().message_id
    with runtime.transaction() as session:
        session.delete(session.merge(mail_log.row()))
        session.execute(delete(Notification))

    with runtime.transaction() as session:
        NotificationsSink(runtime).deliver(session, read_events(session, after=0, limit=10))

    assert mail_log.row().message_id == lost


def test_a_lost_notification_is_added_again_with_its_mail(runtime, tasks, mail_log, relay_once, queued, ann, bob):
    tasks.create(ann, assigned_to=ann.id)
    tasks.create(ann, assigned_to=bob.id)
    relay_once()
    runtime.redis.delete("tms:celery:tms")
    with runtime.transaction() as session:
        session.execute(delete(Notification))

    with runtime.transaction() as session:
        NotificationsSink(runtime).deliver(session, read_events(session, after=0, limit=10))

    with runtime.transaction() as session:
        linked = session.execute(select(Notification.user_id, Notification.mail_id).order_by(Notification.id)).all()
    assert linked == [(row.user_id, row.id) for row in mail_log.rows()]
    assert queued() == 0


READ_WHOLE = text("""
    SELECT sum(seq_tup_read) FROM pg_stat_xact_user_tables
    WHERE relname IN ('notification', 'notification_mail', 'users')
""")


def test_foreign_keys_of_a_new_database_are_checked_by_index(runtime, tasks, ann):
    """PostgreSQL keeps the plan of the check, which it makes while the tables are empty and not analysed."""
    for _ in range(50):
        tasks.create(ann, assigned_to=ann.id)
    with runtime.engine.connect() as connection:
        assign_positions(connection)
    sink = NotificationsSink(runtime)

    with runtime.transaction() as session:
        events = read_events(session, after=0, limit=50)
        sink.deliver(session, events[:10])
        before = session.scalar(READ_WHOLE)
        for event in events[10:]:
            sink.deliver(session, [event])

        assert session.scalar(READ_WHOLE) == before


def test_a_batch_that_is_rolled_back_queues_nothing(runtime, tasks, relay_once, queued, ann):
    relay_once()
    tasks.create(ann, assigned_to=ann.id)
    with runtime.engine.connect() as connection:
        recent = RecentEvents()
        recent.add(assign_positions(connection))

    def roll_back() -> None:
        with sink_transaction(runtime, "notifications", NotificationsSink(runtime), recent) as transaction:
            assert transaction.deliver_next() == 1
            raise RuntimeError("the commit fails")

    with pytest.raises(RuntimeError):
        roll_back()

    assert queued() == 0


@pytest.fixture
def without_redis(runtime, free_port):
    """Celery's broker is unreachable."""
    celery.conf.broker_url = f"redis://127.0.0.1:{free_port}/0"
    celery._after_fork()
    yield
    use(runtime)
    celery._after_fork()


def test_mails_are_added_and_wait_without_redis(tasks, mail_log, relay_once, without_redis, ann):
    tasks.create(ann, assigned_to=ann.id)
    relay_once()

    assert mail_log.row().status is MailStatus.WAITING


def test_the_task_that_the_sink_queues_is_registered():
    assert SEND_MAIL in celery.tasks
