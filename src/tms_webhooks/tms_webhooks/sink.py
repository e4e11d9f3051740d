"""Event sink of the relay: adds deliveries in the transaction that moves the sink's cursor."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from tms_core.event_log.events import TaskEventRecord
from tms_core.event_log.sinks import EventSink
from tms_webhooks.hints import announce
from tms_webhooks.matching import subscriptions
from tms_webhooks.services.deliveries import add_deliveries


class WebhookSink(EventSink):
    """Adds one row per event and webhook. The unique key makes redelivery of an event harmless."""

    # A fifth of a second of latency saves the relay most of the transactions while much changes.
    batch_window = 0.2

    def deliver(self, session: Session, events: Sequence[TaskEventRecord]) -> set[int]:
        """Return the ids of the webhooks that have deliveries."""
        visibility = self.runtime.core.visibility
        wanted = [
            (one.webhook_id, event)
            for one in subscriptions(session)
            for event in events
            if one.wants(event, visibility)
        ]
        return add_deliveries(session, wanted)

    def after_commit(self, result: set[int]) -> None:
        if result:
            announce(self.runtime, result)
