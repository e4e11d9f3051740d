"""Removes old deliveries and deleted webhooks, some rows at a time: long locks would stop the sink of all webhooks."""

from datetime import timedelta

from sqlalchemy import Select, delete, func, select
from sqlalchemy.orm import Session

from tms_webhooks.models import DeliveryStatus, WebhookDelivery, WebhookEndpoint

# Transactions of the sink that began before a webhook was deleted may still add deliveries.
GRACE = timedelta(minutes=1)


def remove_old(session: Session, *, keep_days: float, limit: int) -> int:
    """Remove at most `limit` ended deliveries that are older; returns their number."""
    age = func.make_interval(0, 0, 0, 0, 0, 0, keep_days * 86_400)
    return _remove(
        session,
        select(WebhookDelivery.id)
        .where(WebhookDelivery.status != DeliveryStatus.WAITING, WebhookDelivery.created_at < func.now() - age)
        .limit(limit),
    )


def remove_deleted(session: Session, *, limit: int) -> int:
    """Remove at most `limit` deliveries of a deleted webhook, or the webhook itself if it has no more; returns the
    number of rows."""
    deleted = select(WebhookEndpoint.id).where(WebhookEndpoint.deleted_at < func.now() - GRACE).limit(1)
    webhook_id = session.scalar(deleted)
    if webhook_id is None:
        return 0
    removed = _remove(session, select(WebhookDelivery.id).where(WebhookDelivery.webhook_id == webhook_id).limit(limit))
    if not removed:
        session.execute(delete(WebhookEndpoint).where(WebhookEndpoint.id == webhook_id))
    return removed or 1


def _remove(session: Session, ids: Select[int]) -> int:
    done = session.execute(delete(WebhookDelivery).where(WebhookDelivery.id.in_(ids)))
    return int(getattr(done, "rowcount", 0))
