"""Leases of webhooks: at most one process sends the deliveries of a webhook, which keeps their order."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from tms_core.runtime import Runtime

# Seconds. A process that was killed is replaced after this time.
LEASE = 10
RENEW_INTERVAL = 2.0
# The file descriptors and the memory of a process are bounded.
MAX_HELD = 500
IS_ON = "w.is_active AND EXISTS (SELECT 1 FROM users u WHERE u.id = w.user_id AND u.is_active)"
HAS_WORK = """
    (w.replay_after IS NOT NULL OR EXISTS (
        SELECT 1 FROM webhook_delivery d
        WHERE d.webhook_id = w.id AND d.status = 'waiting' AND d.next_attempt_at <= now()
    )) AND (w.paused_until IS NULL OR w.paused_until <= now())
"""
SEEN = text("""
    INSERT INTO webhook_sender (id) VALUES (:sender)
    ON CONFLICT (id) DO UPDATE SET seen_at = now()
""")
FORGET = text(f"DELETE FROM webhook_sender WHERE seen_at < now() - interval '{6 * LEASE} seconds'")  # noqa: S608
SENDERS = text(f"SELECT count(*) FROM webhook_sender WHERE seen_at > now() - interval '{LEASE} seconds'")  # noqa: S608
RENEW = text(f"""
    UPDATE webhook_endpoint w SET leased_until = now() + interval '{LEASE} seconds'
    WHERE w.leased_by = :sender AND w.id = ANY (:held) AND {IS_ON}
    RETURNING w.id
""")  # noqa: S608
FREE = text(f"""
    SELECT w.id FROM webhook_endpoint w
    WHERE (w.leased_until IS NULL OR w.leased_until < now()) AND {IS_ON} AND {HAS_WORK}
    ORDER BY w.leased_until NULLS FIRST LIMIT {MAX_HELD} FOR NO KEY UPDATE OF w SKIP LOCKED
""")  # noqa: S608
HELD_BY_OTHERS = text("""
    SELECT count(*), clock_timestamp() FROM webhook_endpoint WHERE leased_by <> :sender AND leased_until > now()
""")
ACQUIRE = text(f"""
    UPDATE webhook_endpoint SET leased_by = :sender, leased_until = now() + interval '{LEASE} seconds'
    WHERE id = ANY (:ids)
""")  # noqa: S608
RELEASE = text("""
    UPDATE webhook_endpoint SET leased_by = NULL, leased_until = NULL WHERE leased_by = :sender AND id = ANY (:ids)
""")
LEAVE = text("DELETE FROM webhook_sender WHERE id = :sender")


@dataclass(frozen=True, slots=True)
class Leases:
    """The webhooks that the process has at a time of the database. `surplus` of them should be released, for processes
    that have fewer."""

    held: frozenset[int]
    surplus: int
    at: datetime


def keep(runtime: Runtime, sender: UUID, held: Collection[int]) -> None:
    """Renew leases."""
    with runtime.transaction() as session:
        session.execute(RENEW, {"sender": sender, "held": list(held)})


def renew(runtime: Runtime, sender: UUID, held: Collection[int], ended: Collection[int] = ()) -> Leases:
    """Release the leases of `ended`, renew others, and acquire those of free webhooks with due deliveries, up to a fair
    share of all."""
    with runtime.transaction() as session:
        if ended:
            session.execute(RELEASE, {"sender": sender, "ids": list(ended)})
        session.execute(SEEN, {"sender": sender})
        session.execute(FORGET)
        senders = session.scalar(SENDERS) or 1
        kept = frozenset(session.scalars(RENEW, {"sender": sender, "held": list(held)})) if held else frozenset[int]()
        free = list(session.scalars(FREE))
        others, at = session.execute(HELD_BY_OTHERS, {"sender": sender}).one()
        share = min(MAX_HELD, -(-(len(kept) + len(free) + others) // senders))
        taken = free[: max(0, share - len(kept))]
        if taken:
            session.execute(ACQUIRE, {"sender": sender, "ids": taken})
    return Leases(kept | set(taken), max(0, len(kept) - share), at)


def leave(runtime: Runtime, sender: UUID, held: Collection[int]) -> None:
    """Release everything when the process ends."""
    with runtime.transaction() as session:
        session.execute(RELEASE, {"sender": sender, "ids": list(held)})
        session.execute(LEAVE, {"sender": sender})
