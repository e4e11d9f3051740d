"""The deliveries of a webhook: adding, reading and retrying."""

from collections.abc import Sequence

from sqlalchemy import Select, func, select, union_all
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tms_core.errors import ConflictError, NotFoundError
from tms_core.event_log.events import TaskEventRecord
from tms_webhooks.error_codes import (
    TOO_MANY_TEST_DELIVERIES,
    WEBHOOK_DELIVERY_NOT_DEAD,
    WEBHOOK_DELIVERY_NOT_FOUND,
)
from tms_webhooks.models import DeliveryStatus, WebhookDelivery
from tms_webhooks.payload import TEST, event_type

MAX_TESTS = 10
# Rows per statement.
CHUNK = 5_000
IS_WAITING = WebhookDelivery.status == DeliveryStatus.WAITING


def add_deliveries(
    session: Session, wanted: Sequence[tuple[int, TaskEventRecord]], *, repeat: bool = False
) -> set[int]:
    """Add deliveries of events to webhooks, given by their ids, unless they exist; returns the ids.

    With `repeat`, those that have ended are due again.
    """
    for start in range(0, len(wanted), CHUNK):
        rows = [
            {"webhook_id": webhook_id, "type": event_type(event), "position": event.position, "task_id": event.task_id}
            for webhook_id, event in wanted[start : start + CHUNK]
        ]
        statement = insert(WebhookDelivery)
        key = ["webhook_id", "position"]
        if repeat:
            again = {
                "status": DeliveryStatus.WAITING,
                "attempts": 0,
                "due_at": func.now(),
                "next_attempt_at": func.now(),
            }
            statement = statement.on_conflict_do_update(index_elements=key, set_=again, where=~IS_WAITING)
        else:
            statement = statement.on_conflict_do_nothing(index_elements=key)
        session.execute(statement, rows)
    return {webhook_id for webhook_id, _ in wanted}


class DeliveryService:
    """Reads and changes the deliveries of one webhook, whose access the caller has checked; never commits."""

    def __init__(self, session: Session, webhook_id: int):
        self._session = session
        self._webhook_id = webhook_id

    def page(self, *, status: DeliveryStatus | None, before: int | None, limit: int) -> Sequence[WebhookDelivery]:
        """Return the newest deliveries with an id below `before`."""
        # A scan of the index per status: each update of a delivery would have to write another index without them.
        statuses = DeliveryStatus if status is None else (status,)
        newest = union_all(*(self._newest(one, before, limit) for one in statuses)).subquery()
        rows = select(WebhookDelivery).where(WebhookDelivery.id.in_(select(newest.c.id)))
        return self._session.scalars(rows.order_by(WebhookDelivery.id.desc()).limit(limit)).all()

    def _newest(self, status: DeliveryStatus, before: int | None, limit: int) -> Select[int]:
        ids = select(WebhookDelivery.id).where(
            WebhookDelivery.webhook_id == self._webhook_id, WebhookDelivery.status == status
        )
        if before is not None:
            ids = ids.where(WebhookDelivery.id < before)
        return ids.order_by(WebhookDelivery.id.desc()).limit(limit)

    def add_test(self) -> WebhookDelivery:
        waiting = select(func.count()).where(
            WebhookDelivery.webhook_id == self._webhook_id, IS_WAITING, WebhookDelivery.type == TEST
        )
        if (self._session.scalar(waiting) or 0) >= MAX_TESTS:
            message = f"{MAX_TESTS} test deliveries wait already. See in the log what becomes of them."
            raise ConflictError(None, message, TOO_MANY_TEST_DELIVERIES, maximum=MAX_TESTS)
        delivery = WebhookDelivery(webhook_id=self._webhook_id, type=TEST)
        self._session.add(delivery)
        self._session.flush()
        self._session.refresh(delivery)
        return delivery

    def retry(self, delivery_id: int) -> WebhookDelivery:
        """Make a dead letter due again; raises `ConflictError` if it is none."""
        found = self._session.scalar(
            select(WebhookDelivery)
            .where(WebhookDelivery.webhook_id == self._webhook_id, WebhookDelivery.id == delivery_id)
            .with_for_update()
        )
        if found is None:
            raise NotFoundError("There is no such delivery of this webhook.", WEBHOOK_DELIVERY_NOT_FOUND)
        if found.status is not DeliveryStatus.DEAD:
            message = "Only a dead letter can be retried; a replay sends delivered ones again."
            raise ConflictError(None, message, WEBHOOK_DELIVERY_NOT_DEAD)
        found.status = DeliveryStatus.WAITING
        found.due_at = found.next_attempt_at = func.now()
        self._session.flush()
        self._session.refresh(found)
        return found
