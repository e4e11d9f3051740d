"""Settings of the realtime process, its sink and its tickets."""

from tms_core.settings import Words
from tms_core.settings_base import SettingsGroup, setting

MAX_FRAME_BYTES = 131_072


def status_port_for(port: int) -> int:
    """Where the status is when only the port of the sockets is chosen: 9001 for 8001."""
    return port + 1000 if port <= 64_535 else port - 1000


class RealtimeSettings(SettingsGroup, prefix="tms.realtime"):
    host: str = setting("127.0.0.1", help="Address that tms realtime listens on.")
    port: int = setting(8001, help="Port that tms realtime listens on.", ge=1, le=65535)
    status_port: int = setting(
        default_factory=lambda others: status_port_for(others["port"]),
        help="Port of /metrics, /api/health and /api/ready of tms realtime; 0: none. Default: 1000 above the port.",
        ge=0,
        le=65535,
    )
    public_url: str | None = setting(
        None,
        help="URL of the WebSocket for clients, as wss://tms.example/ws/tasks/; unset: the API's host, and port.",
    )
    anonymous: bool = setting(
        False, help="Accept clients without a token; only where tms.visibility is team, never in production."
    )
    origins: Words = setting(
        (),
        help="Origins whose pages may connect, as https://app.example; * any; empty: pages of tms.public_url's host, "
        "in development of the host that is asked.",
    )
    connections: int = setting(20_000, help="Maximum clients per process; 0: no limit.", ge=0)
    connections_per_user: int = setting(1_000, help="Maximum clients per user and process; 0: no limit.", ge=0)
    messages: int = setting(
        100, help="Messages per second from one client; above it is closed with 1008; 0: no limit.", ge=0, le=100_000
    )
    backlog: int = setting(
        1_048_576, help="Bytes buffered for a slow client before it is closed with 1013.", ge=MAX_FRAME_BYTES
    )
    stall_seconds: int = setting(
        30, help="Seconds that a client may take to read its buffer during a replay.", ge=1, le=3600
    )
    handshake_seconds: int = setting(5, help="Seconds that a client has to complete its handshake.", ge=1, le=60)
    drain_seconds: int = setting(3, help="Seconds over which clients are closed after SIGTERM.", ge=0, le=300)
    ping_interval: int = setting(20, help="Seconds between pings to a client.", ge=1, le=3600)
    ping_timeout: int = setting(20, help="Seconds without a pong after which a client is disconnected.", ge=1, le=3600)
    stream_length: int = setting(
        10_000, help="Events that Redis keeps for replays; older ones are read from the database.", ge=100
    )
    replay: int = setting(
        100_000, help="Missed events that are replayed at most; a client that missed more gets a reset.", ge=0
    )
