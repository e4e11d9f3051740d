"""The webhook metrics of /metrics."""

from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client.core import GaugeMetricFamily
from sqlalchemy import text

from tms_core.runtime import Runtime
from tms_webhooks.models import DeliveryStatus
from tms_webhooks.sender.leases import LEASE

WEBHOOKS = text("""
    SELECT count(*) FILTER (WHERE is_active), count(*) FILTER (WHERE is_active AND failing_since IS NOT NULL),
           count(*) FILTER (WHERE disabled_reason IS NOT NULL)
    FROM webhook_endpoint
""")
WAITING = text("""
    SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(d.due_at)), 0)
    FROM webhook_delivery d JOIN webhook_endpoint w ON w.id = d.webhook_id
    WHERE d.status = 'waiting' AND w.is_active AND w.failing_since IS NULL
""")
# Bounded by the primary key, because it runs at every scrape.
LAST_DAY = text("""
    SELECT status::text, count(*) FROM webhook_delivery
    WHERE id > (SELECT max(id) - 100000 FROM webhook_delivery) AND created_at > now() - interval '1 day'
    GROUP BY status
""")
SENDERS = text(f"SELECT count(*) FROM webhook_sender WHERE seen_at > now() - interval '{LEASE} seconds'")  # noqa: S608


@dataclass(frozen=True, slots=True)
class Backlog:
    """Waiting deliveries to receivers that work, the age of the oldest in seconds, and the processes that send."""

    deliveries: int
    seconds: float
    senders: int


@dataclass(frozen=True, slots=True)
class WebhookCounts:
    """Numbers of webhooks that are on, of those that fail at present, and of those that the server turned off."""

    active: int
    failing: int
    disabled: int


def backlog(runtime: Runtime) -> Backlog:
    with runtime.engine.connect() as connection:
        deliveries, seconds = connection.execute(WAITING).one()
        return Backlog(deliveries, float(seconds), connection.scalar(SENDERS) or 0)


def counts(runtime: Runtime) -> WebhookCounts:
    with runtime.engine.connect() as connection:
        return WebhookCounts(*connection.execute(WEBHOOKS).one())


def collect(runtime: Runtime) -> Iterator[GaugeMetricFamily]:
    found = counts(runtime)
    webhooks = GaugeMetricFamily("tms_webhooks", "Webhooks by their state.", labels=["state"])
    for state in ("active", "failing", "disabled"):
        webhooks.add_metric([state], getattr(found, state))
    yield webhooks
    waiting = backlog(runtime)
    yield GaugeMetricFamily(
        "tms_webhook_deliveries_waiting", "Waiting deliveries to receivers that work.", waiting.deliveries
    )
    yield GaugeMetricFamily(
        "tms_webhook_deliveries_oldest_seconds", "How long the oldest of them has waited.", waiting.seconds
    )
    yield GaugeMetricFamily("tms_webhook_senders", "Processes that send deliveries.", waiting.senders)
    with runtime.engine.connect() as connection:
        by_status = dict(map(tuple, connection.execute(LAST_DAY)))
    last_day = GaugeMetricFamily(
        "tms_webhook_deliveries_of_the_day", "Deliveries of the last 24 hours.", labels=["status"]
    )
    for status in DeliveryStatus:
        last_day.add_metric([status], by_status.get(status, 0))
    yield last_day
