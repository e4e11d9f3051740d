"""Replays: deliveries of old events are added in the background, some at a time."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tms_core.event_log.events import read_events
from tms_core.permissions import Visibility
from tms_webhooks.matching import subscription
from tms_webhooks.models import WebhookDelivery, WebhookEndpoint
from tms_webhooks.services.deliveries import IS_WAITING, add_deliveries

# Events per step. No step is taken while more deliveries wait, so that the table does not grow with the event log.
STEP = 500
MAX_WAITING = 2_000


def continue_replay(session: Session, webhook_id: int, visibility: Visibility) -> bool:
    """Add the deliveries of the next events of a replay; returns whether any were added. Never commits."""
    # The sink may go on: its deliveries refer to the key of the row.
    webhook = session.get(WebhookEndpoint, webhook_id, with_for_update={"key_share": True})
    if webhook is None or webhook.replay_after is None or webhook.replay_until is None:
        return False
    waiting = select(func.count()).where(WebhookDelivery.webhook_id == webhook_id, IS_WAITING)
    wanted = subscription(session, webhook_id)
    if wanted is None or (session.scalar(waiting) or 0) > MAX_WAITING:
        return False
    limit = min(STEP, webhook.replay_until - webhook.replay_after)
    events = read_events(session, after=webhook.replay_after, limit=limit) if limit > 0 else ()
    events = [event for event in events if event.position <= webhook.replay_until]
    added = add_deliveries(
        session, [(webhook_id, event) for event in events if wanted.wants(event, visibility)], repeat=True
    )
    if events and events[-1].position < webhook.replay_until:
        webhook.replay_after = events[-1].position
    else:
        webhook.replay_after = webhook.replay_until = None
    session.flush()
    return bool(added)
