"""Messages through Redis that deliveries are due, which save the senders from waiting for their polling interval."""

import asyncio
import logging
from collections.abc import Callable, Iterable

import orjson
import redis
import redis.asyncio
from sqlalchemy import event
from sqlalchemy.orm import Session

from tms_core.runtime import Runtime

CHANNEL = "tms:webhooks:due"
RECONNECT_PAUSE = 1.0
CONNECT_TIMEOUT = 3.0
log = logging.getLogger(__name__)


def announce(runtime: Runtime, webhook_ids: Iterable[int]) -> None:
    """Publish that the webhooks have deliveries. While Redis is down, nothing happens: senders poll."""
    try:
        runtime.redis.publish(CHANNEL, orjson.dumps(sorted(webhook_ids)))
    except redis.RedisError as error:
        log.debug("due deliveries are not announced: %s", error)


def announce_after_commit(runtime: Runtime, session: Session, webhook_id: int) -> None:
    event.listen(session, "after_commit", lambda _session: announce(runtime, [webhook_id]), once=True)


async def listen(runtime: Runtime, on_hint: Callable[[list[int]], None]) -> None:
    """Call `on_hint` with the ids of each message, until cancelled; reconnects by itself."""
    is_down = False
    while True:
        try:
            async with (
                redis.asyncio.Redis.from_url(runtime.core.redis, socket_connect_timeout=CONNECT_TIMEOUT) as client,
                client.pubsub(ignore_subscribe_messages=True) as pubsub,
            ):
                await pubsub.subscribe(CHANNEL)
                is_down = False
                # What was announced while nobody listened.
                on_hint([])
                async for message in pubsub.listen():
                    on_hint(orjson.loads(message["data"]))
        except (redis.RedisError, OSError, ValueError) as error:
            if not is_down:
                log.warning("redis is unavailable, polling at each interval: %s", error)
            is_down = True
            await asyncio.sleep(RECONNECT_PAUSE)
