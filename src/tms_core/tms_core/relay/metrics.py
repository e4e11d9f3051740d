"""The relay's lag for Prometheus, read from the database, and thus independent of the leading relay."""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from tms_core.event_log.leadership import is_led
from tms_core.relay.lag import sink_lags, unassigned
from tms_core.runtime import Runtime


def collect(runtime: Runtime) -> Iterator[Metric]:
    with runtime.engine.connect() as connection:
        leads = is_led(connection)
        waiting = unassigned(connection)
        lags = sink_lags(connection)
    yield GaugeMetricFamily("tms_relay_leads", "1 while a relay leads.", value=float(leads))
    yield GaugeMetricFamily(
        "tms_relay_unnumbered_events", "Committed events without a position.", value=float(waiting.events)
    )
    yield GaugeMetricFamily(
        "tms_relay_unnumbered_seconds", "Age of the oldest event without a position.", value=waiting.seconds
    )
    events = GaugeMetricFamily(
        "tms_relay_sink_events",
        "Events that a sink has not received, from an age of 0.5 s.",
        labels=["sink"],
    )
    seconds = GaugeMetricFamily("tms_relay_sink_seconds", "Age of the oldest of them.", labels=["sink"])
    for sink, lag in lags.items():
        events.add_metric([sink], lag.events)
        seconds.add_metric([sink], lag.seconds)
    yield from (events, seconds)
