"""How many sockets each process has: told through Redis, for the /metrics of the API, which has none itself."""

import asyncio
import logging
import time
import uuid
from collections.abc import Iterator, Sized
from typing import cast

import orjson
import redis
from prometheus_client.core import GaugeMetricFamily
from redis.asyncio import Redis

from tms_core.runtime import Runtime

# A hash: by process, its sockets and the time at which it said so.
KEY = "tms:realtime:sockets"
INTERVAL = 5.0
# Who has been silent for so long is no more.
LONGEST_SILENCE = 3 * INTERVAL
TIMEOUT = 3.0
log = logging.getLogger(__name__)


async def tell(url: str, sockets: Sized) -> None:
    """Say every few seconds how many sockets this process has; for ever."""
    name = uuid.uuid4().hex
    while True:
        try:
            async with Redis.from_url(url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT) as client:
                await _tell_on(client, name, sockets)
        except (redis.RedisError, OSError) as error:
            log.debug("cannot tell the number of sockets: %s", error)
        await asyncio.sleep(INTERVAL)


async def _tell_on(client: Redis, name: str, sockets: Sized) -> None:
    try:
        while True:
            await client.hset(KEY, name, orjson.dumps([len(sockets), time.time()]).decode())
            await asyncio.sleep(INTERVAL)
    finally:
        await client.hdel(KEY, name)


def collect(runtime: Runtime) -> Iterator[GaugeMetricFamily]:
    """The sum over all processes that spoke lately; forgets the others."""
    told = cast(dict[bytes, bytes], runtime.redis.hgetall(KEY))
    said = {name: orjson.loads(value) for name, value in told.items()}
    now = time.time()
    silent = [name for name, (_, at) in said.items() if now - at > LONGEST_SILENCE]
    if silent:
        runtime.redis.hdel(KEY, *silent)
    living = [sockets for name, (sockets, _) in said.items() if name not in silent]
    yield GaugeMetricFamily("tms_realtime_processes", "Processes that serve the WebSocket.", value=len(living))
    yield GaugeMetricFamily("tms_realtime_sockets", "Clients that are connected to them.", value=sum(living))
