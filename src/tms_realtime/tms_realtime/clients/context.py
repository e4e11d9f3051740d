"""The objects that all connections of a process share."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tms_core.permissions import Visibility
from tms_realtime.clients.hub import Hub
from tms_realtime.event_log.reader import LogReader
from tms_realtime.handshake_log import HandshakeLog
from tms_realtime.settings import RealtimeSettings

if TYPE_CHECKING:
    from tms_realtime.clients.presence import Presence


class Follower(Protocol):
    """The feed, as far as connections use it."""

    async def catch_up(self) -> None:
        """Publish all events of the log to the hub. Raises `LogUnavailableError`."""


@dataclass(frozen=True, slots=True)
class ConnectionContext:
    """Services and settings of one realtime process."""

    settings: RealtimeSettings
    visibility: Visibility
    hub: Hub
    reader: LogReader
    follower: Follower
    presence: "Presence"
    handshake_log: HandshakeLog
