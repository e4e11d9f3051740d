"""How many sockets each process has: told through Redis, for the /metrics of the API, which has none itself."""

import asyncio
import logging
import time
import uuid
from collections.abc import Iterator, Sized
from contextlib import suppress
from typing import cast

import orjson
import redis
from prometheus_client.core import GaugeMetricFamily
from redis.asyncio import Redis

from tms_core.runtime import Runtime
from tms_realtime.redis import create_redis

# A hash: by process, its sockets and the time at which it said so.
KEY = "tms:realtime:sockets"
INTERVAL = 5.0
# Who has been silent for so long is no more.
MAX_SILENCE = 3 * INTERVAL
TIMEOUT = 3.0
log = logging.getLogger(__name__)


async def report(url: str, sockets: Sized) -> None:
    """Say every few seconds how many sockets this process has; for ever."""
    name = uuid.uuid4().hex
    while True:
        try:
            async with create_redis(url) as client:
                await _report_to(client, name, sockets)
        except (redis.RedisError, OSError) as error:
            log.debug("cannot tell the number of sockets: %s", error)
        await asyncio.sleep(INTERVAL)


async def _report_to(client: Redis, name: str, sockets: Sized) -> None:
    try:
        while True:
            async with asyncio.timeout(TIMEOUT):
                await client.hset(KEY, name, orjson.dumps([len(sockets), time.time()]).decode())
            await asyncio.sleep(INTERVAL)
    finally:
        # What is raised here would take the place of a cancellation, and the process would not end.
        with suppress(redis.RedisError, OSError):
            async with asyncio.timeout(TIMEOUT):
                await client.hdel(KEY, name)


def collect(runtime: Runtime) -> Iterator[GaugeMetricFamily]:
    processes, sockets = count_living(runtime)
    yield GaugeMetricFamily("tms_realtime_processes", "Processes that serve the WebSocket.", value=processes)
    yield GaugeMetricFamily("tms_realtime_sockets", "Clients that are connected to them.", value=sockets)


def count_living(runtime: Runtime) -> tuple[int, int]:
    """The processes that spoke lately, and their sockets; forgets the others. Raises `redis.RedisError`."""
    told = cast(dict[bytes, bytes], runtime.redis.hgetall(KEY))
    said = {name: orjson.loads(value) for name, value in told.items()}
    now = time.time()
    silent = [name for name, (_, at) in said.items() if now - at > MAX_SILENCE]
    if silent:
        runtime.redis.hdel(KEY, *silent)
    living = [sockets for name, (sockets, _) in said.items() if name not in silent]
    return len(living), sum(living)
