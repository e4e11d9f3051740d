"""Replays: deliveries of old events are added in the background, some at a time."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tms_core.event_log.events import read_events
from tms_core.permissions import Visibility
from tms_webhooks.matching import Subscription, subscription
from tms_webhooks.models import WebhookDelivery, WebhookEndpoint
from tms_webhooks.services.deliveries import IS_WAITING, add_deliveries

# Events per step.
STEP = 500
# In one transaction: a filter may match few events of many, and other webhooks wait for the connection.
MAX_STEPS = 20
# No step is taken while more deliveries wait, so that the table does not grow with the event log.
MAX_WAITING = 2_000


def continue_replay(session: Session, webhook_id: int, visibility: Visibility) -> None:
    """Add the deliveries of the next events of a replay. Never commits."""
    # The sink may go on: its deliveries refer to the key of the row.
    webhook = session.get(WebhookEndpoint, webhook_id, with_for_update={"key_share": True})
    wanted = subscription(session, webhook_id)
    if webhook is None or wanted is None:
        return
    waiting = _waiting(session, webhook_id)
    for _ in range(MAX_STEPS):
        if webhook.replay_after is None or webhook.replay_until is None or waiting > MAX_WAITING:
            break
        waiting += _take_step(session, webhook, webhook.replay_after, webhook.replay_until, wanted, visibility)
    session.flush()


def _take_step(
    session: Session,
    webhook: WebhookEndpoint,
    after: int,
    until: int,
    wanted: Subscription,
    visibility: Visibility,
) -> int:
    """Return the number of deliveries that were added or are due again."""
    limit = min(STEP, until - after)
    events = read_events(session, after=after, limit=limit) if limit > 0 else ()
    events = [event for event in events if event.position <= until]
    found = [(webhook.id, event) for event in events if wanted.wants(event, visibility)]
    add_deliveries(session, found, repeat=True)
    if events and events[-1].position < until:
        webhook.replay_after = events[-1].position
    else:
        webhook.replay_after = webhook.replay_until = None
    return len(found)


def _waiting(session: Session, webhook_id: int) -> int:
    """Return the number of waiting deliveries, counted up to the limit: there may be as many as events."""
    rows = select(WebhookDelivery.id).where(WebhookDelivery.webhook_id == webhook_id, IS_WAITING)
    some = rows.limit(MAX_WAITING + 1).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0
