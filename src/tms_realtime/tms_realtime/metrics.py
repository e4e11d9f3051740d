"""The metrics of a realtime process."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry()
SENT = Counter("tms_realtime_messages_sent", "Task messages sent to clients.", registry=REGISTRY)
EVENTS = Counter("tms_realtime_events", "Events published by this process.", registry=REGISTRY)
RECEIVED = Counter(
    "tms_realtime_received",
    "Events received, by source; other than subscription: events that the subscription lacked.",
    ["source"],
    registry=REGISTRY,
)
LAG = Histogram(
    "tms_realtime_lag_seconds",
    "From the change of a task until its event was sent to every client.",
    buckets=(0.005, 0.01, 0.02, 0.04, 0.08, 0.15, 0.3, 0.6, 1.2, 2.5, 5, 10, 30, 60),
    registry=REGISTRY,
)
CLOSED = Counter(
    "tms_realtime_closed", "Connections closed by this process, by close code.", ["code"], registry=REGISTRY
)
REFUSED = Counter("tms_realtime_refused", "Handshakes rejected, by HTTP status.", ["status"], registry=REGISTRY)
REPLAYS = Counter(
    "tms_realtime_replays", "Replays, by their end; reset: too many events missed.", ["end"], registry=REGISTRY
)
REPLAY_READS = Counter(
    "tms_realtime_replay_reads", "Reads of the log for replays, by source.", ["source"], registry=REGISTRY
)
CONNECTIONS = Gauge("tms_realtime_connections", "Connected clients, by kind.", ["kind"], registry=REGISTRY)
BACKLOG = Gauge("tms_realtime_backlog_bytes", "Bytes buffered for clients.", registry=REGISTRY)
FOLLOWING = Gauge(
    "tms_realtime_following", "1 while events come from Redis, 0 while the database is polled.", registry=REGISTRY
)
POSITION = Gauge("tms_realtime_position", "The newest event published.", registry=REGISTRY)
