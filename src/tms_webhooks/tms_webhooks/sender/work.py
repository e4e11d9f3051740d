"""Reads the due deliveries of a webhook, with all that sending them needs."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text

from tms_core.event_log.events import TaskEventRecord
from tms_core.models import EventKind
from tms_core.permissions import Actor, Visibility, may_see
from tms_core.runtime import Runtime
from tms_core.values import instant
from tms_webhooks.matching import loses_sight, sees
from tms_webhooks.payload import TEST, event_body, test_body, visibility_lost_body
from tms_webhooks.sender.retry_policy import MAX_FAILURES
from tms_webhooks.services.replays import continue_replay
from tms_webhooks.signatures import key_of

# Deliveries in memory per webhook.
BATCH = 200
ENDPOINT = text("""
    SELECT w.url, w.secret, CASE WHEN w.previous_secret_until > now() THEN w.previous_secret END AS previous_secret,
           w.failures, w.failing_since, w.replay_after IS NOT NULL AS is_replaying, u.id AS owner_id, u.is_admin
    FROM webhook_endpoint w JOIN users u ON u.id = w.user_id
    WHERE w.id = :webhook_id AND w.is_active AND u.is_active AND w.leased_by = :sender
        AND (w.paused_until IS NULL OR w.paused_until <= now())
""")
IS_DUE = """
    d.webhook_id = :webhook_id AND d.status = 'waiting' AND d.next_attempt_at <= now() AND d.id <> ALL (:known)
"""
# Tests, then events in order. A delivery waits while an earlier one of the same task has to; earlier ones that are due
# come first by the order. Two parts, because an index has no order in which nulls come first and positions follow.
FIRST_DUE = f"""
    (SELECT d.* FROM webhook_delivery d WHERE {IS_DUE} AND d.position IS NULL ORDER BY d.id LIMIT :limit)
    UNION ALL
    (SELECT d.* FROM webhook_delivery d
     WHERE {IS_DUE} AND d.position IS NOT NULL AND NOT EXISTS (
         SELECT 1 FROM webhook_delivery b
         WHERE b.webhook_id = d.webhook_id AND b.task_id = d.task_id AND b.status = 'waiting'
             AND b.position < d.position AND b.next_attempt_at > now()
     )
     ORDER BY d.position LIMIT :limit)
"""  # noqa: S608
COLUMNS = """
    d.id, d.type, d.position, d.task_id, d.attempts, d.due_at, d.created_at,
    e.kind, e.actor_id, e.changes, e.snapshot, e.created_at AS event_at, t.created_by, t.assigned_to
"""
JOINS = "LEFT JOIN task_event e ON e.position = d.position LEFT JOIN task t ON t.id = d.task_id"
DUE = text(f"""
    SELECT {COLUMNS} FROM (SELECT * FROM ({FIRST_DUE}) f ORDER BY f.position NULLS FIRST, f.id LIMIT :limit) d {JOINS}
    ORDER BY d.position NULLS FIRST, d.id
""")  # noqa: S608
# The first delivery of a task that has failed least: one that is always refused must not hold up the others.
PROBE = text(f"""
    SELECT {COLUMNS} FROM (
        SELECT f.* FROM (
            SELECT f.*, row_number() OVER (PARTITION BY f.task_id ORDER BY f.position) AS place
            FROM ({FIRST_DUE}) f
        ) f
        WHERE f.place = 1 OR f.position IS NULL
        ORDER BY f.attempts, f.position NULLS FIRST, f.id LIMIT 1
    ) d {JOINS}
""")  # noqa: S608


@dataclass(frozen=True, slots=True)
class EndpointState:
    """A webhook as it is when deliveries are read."""

    url: str
    keys: tuple[bytes, ...]
    failures: int
    failing_since: datetime | None

    @property
    def is_down(self) -> bool:
        return self.failures >= MAX_FAILURES


@dataclass(frozen=True, slots=True)
class Message:
    """A due delivery. `body` is None if it must not be sent, for the reason `dropped`."""

    delivery_id: int
    message_id: str
    # Deliveries with the same key are sent in order.
    order_key: tuple[str, int]
    attempts: int
    due_at: datetime
    body: bytes | None
    dropped: str | None = None


@dataclass(frozen=True, slots=True)
class Work:
    endpoint: EndpointState
    messages: Sequence[Message]


def read_work(runtime: Runtime, *, sender: Any, webhook_id: int, known: Collection[int], limit: int) -> Work | None:
    """Return at most `limit` due deliveries other than those already `known`, and one if the receiver is down.

    None if the webhook is off, paused or no longer leased by `sender`.
    """
    visibility = runtime.core.visibility
    with runtime.transaction() as session:
        row = session.execute(ENDPOINT, {"webhook_id": webhook_id, "sender": sender}).one_or_none()
        if row is None:
            return None
        if row.is_replaying:
            continue_replay(session, webhook_id, visibility)
        secrets = (row.secret, row.previous_secret) if row.previous_secret else (row.secret,)
        state = EndpointState(row.url, tuple(map(key_of, secrets)), row.failures, row.failing_since)
        statement, limit = (PROBE, BATCH) if state.is_down else (DUE, limit)
        parameters = {"webhook_id": webhook_id, "known": list(known), "limit": limit}
        owner = Actor(row.owner_id, row.is_admin)
        messages = [_message(webhook_id, one, owner, visibility) for one in session.execute(statement, parameters)]
        return Work(state, messages)


def _message(webhook_id: int, row: Row[Any], owner: Actor, visibility: Visibility) -> Message:
    if row.type == TEST:
        body = test_body(webhook_id, instant(row.created_at))
        message_id = f"msg_{webhook_id}_test_{row.id}"
        return Message(row.id, message_id, ("test", row.id), row.attempts, row.due_at, body)
    return Message(
        row.id,
        f"msg_{webhook_id}_{row.position}",
        ("task", row.task_id),
        row.attempts,
        row.due_at,
        *_event_body(row, owner, visibility),
    )


def _event_body(row: Row[Any], owner: Actor, visibility: Visibility) -> tuple[bytes | None, str | None]:
    """Return the body, or None and why it must not be sent. Visibility is checked again: days may have passed."""
    if row.snapshot is None:
        return None, "the event is no longer in the log"
    event = TaskEventRecord(
        row.position, row.task_id, EventKind(row.kind), row.actor_id, row.changes, row.snapshot, row.event_at
    )
    if loses_sight(owner, visibility, event):
        # What the owner could see, whatever has happened since.
        return visibility_lost_body(event), None
    now = row.snapshot if row.created_by is None else {"created_by": row.created_by, "assigned_to": row.assigned_to}
    if not may_see(owner, visibility, created_by=now["created_by"], assigned_to=now["assigned_to"]):
        return None, "the owner may no longer see the task"
    return event_body(event, shows_before=sees(owner, visibility, event.before())), None
