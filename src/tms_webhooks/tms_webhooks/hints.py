"""Messages through Redis that deliveries are due or webhooks have changed, for which senders else wait some seconds."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Hint:
    """Webhooks that have due deliveries, or with `is_change` were changed by users. Empty if they are not known."""

    webhook_ids: list[int]
    is_change: bool = False


def announce(runtime: Runtime, webhook_ids: Iterable[int], *, is_change: bool = False) -> None:
    """Publish a hint. While Redis is down, nothing happens: senders poll."""
    try:
        runtime.redis.publish(CHANNEL, orjson.dumps(Hint(sorted(webhook_ids), is_change)))
    except redis.RedisError as error:
        log.debug("due deliveries are not announced: %s", error)


def announce_change(runtime: Runtime, session: Session, webhook_id: int) -> None:
    """Publish, after the commit, that a user has changed a webhook or its deliveries."""
    event.listen(session, "after_commit", lambda _session: announce(runtime, [webhook_id], is_change=True), once=True)


async def listen(runtime: Runtime, on_hint: Callable[[Hint], None]) -> None:
    """Call `on_hint` with each hint, until cancelled; reconnects by itself."""
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
                on_hint(Hint([]))
                async for message in pubsub.listen():
                    on_hint(Hint(**orjson.loads(message["data"])))
        except (redis.RedisError, OSError, ValueError, TypeError) as error:
            if not is_down:
                log.warning("redis is unavailable, polling at each interval: %s", error)
            is_down = True
            await asyncio.sleep(RECONNECT_PAUSE)
