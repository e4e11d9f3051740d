"""Settings of the realtime process."""

from tms_core.configuration import SettingsGroup, setting
from tms_core.settings import Words

LARGEST_FRAME = 131_072


class RealtimeSettings(SettingsGroup, prefix="tms.realtime"):
    host: str = setting("127.0.0.1", help="Address that tms realtime listens on.")
    port: int = setting(8001, help="Port that tms realtime listens on.", ge=1, le=65535)
    anonymous: bool = setting(
        False, help="Let clients without a token listen; only where tms.visibility is team, never in production."
    )
    origins: Words = setting(
        (), help="Origins whose pages may connect, as https://app.example; * any; empty: pages of the same host."
    )
    backlog: int = setting(
        1_048_576, help="Bytes that a slow client may be behind before it is closed with 1013.", ge=LARGEST_FRAME
    )
    handshake_seconds: int = setting(5, help="Time that a client has to finish its handshake.", ge=1, le=60)
    ping_interval: int = setting(20, help="Seconds between pings to a client.", ge=1, le=3600)
    ping_timeout: int = setting(20, help="Seconds without a pong after which a client is dropped.", ge=1, le=3600)
