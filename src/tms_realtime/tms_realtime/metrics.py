"""What a realtime process counts about itself."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry()
SENT = Counter("tms_realtime_messages_sent", "Task messages handed to sockets.", registry=REGISTRY)
EVENTS = Counter("tms_realtime_events", "Events that this process has followed.", registry=REGISTRY)
LAG = Histogram(
    "tms_realtime_lag_seconds",
    "From the change of a task until its event was handed to every socket.",
    buckets=(0.005, 0.01, 0.02, 0.04, 0.08, 0.15, 0.3, 0.6, 1.2, 2.5, 5, 10, 30, 60),
    registry=REGISTRY,
)
CLOSED = Counter(
    "tms_realtime_closed", "Connections that this process ended, by close code.", ["code"], registry=REGISTRY
)
REFUSED = Counter("tms_realtime_refused", "Handshakes refused, by HTTP status.", ["status"], registry=REGISTRY)
REPLAYS = Counter(
    "tms_realtime_replays", "Clients that went on where they were; reset: too far back.", ["end"], registry=REGISTRY
)
REPLAY_READS = Counter(
    "tms_realtime_replay_reads", "Reads of the log for them, by where it was found.", ["source"], registry=REGISTRY
)
CONNECTIONS = Gauge("tms_realtime_connections", "Clients that listen, by kind.", ["kind"], registry=REGISTRY)
BACKLOG = Gauge("tms_realtime_backlog_bytes", "Bytes that clients have not taken yet.", registry=REGISTRY)
FOLLOWING = Gauge(
    "tms_realtime_following", "1 while events come by Redis, 0 while the database is polled.", registry=REGISTRY
)
POSITION = Gauge("tms_realtime_position", "The last event that was sent on.", registry=REGISTRY)
