"""Forwards the messages of `tms_core.user_messages` to the connections of their users."""

import asyncio
import logging

import orjson
import redis

from tms_core.user_messages import CHANNEL, decode_all
from tms_realtime.clients.hub import Hub
from tms_realtime.clients.outbound_message import OutboundMessage
from tms_realtime.event_log.subscription import subscription

# Seconds of silence after which the connection to Redis is tested.
IDLE_SECONDS = 15.0
RECONNECT_SECONDS = 1.0
log = logging.getLogger(__name__)


class UserMessages:
    """Subscribes to the channel; messages that are published while Redis is away are lost."""

    def __init__(self, url: str, hub: Hub):
        self._url = url
        self._hub = hub
        self.is_following = False

    async def run(self) -> None:
        """Forward messages for ever."""
        while True:
            try:
                async with subscription(self._url, CHANNEL) as messages:
                    self.is_following = True
                    while True:
                        data = await messages.receive(IDLE_SECONDS)
                        if data is not None:
                            self.forward(data)
            except (redis.RedisError, OSError) as error:
                log.debug("messages to users are not received: %s", error)
            self.is_following = False
            await asyncio.sleep(RECONNECT_SECONDS)

    def forward(self, data: bytes) -> None:
        """Send messages of the channel to the connections of their users."""
        try:
            messages = decode_all(data)
        except ValueError as error:
            log.error("foreign data on %s: %s", CHANNEL, error)
            return
        for user_id, message in messages:
            self._hub.send_to_user(user_id, OutboundMessage(orjson.dumps(message)))
