"""The number of connections per process, reported through Redis for the /metrics of the API."""

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

# A hash: process id → [connections, time of the report].
KEY = "tms:realtime:sockets"
INTERVAL = 5.0
# A process whose report is older counts as gone.
MAX_AGE = 3 * INTERVAL
TIMEOUT = 3.0
log = logging.getLogger(__name__)


async def report(url: str, sockets: Sized) -> None:
    """Run for ever: store the number of connections of this process every `INTERVAL` seconds."""
    name = uuid.uuid4().hex
    while True:
        try:
            async with create_redis(url) as client:
                await _report_to(client, name, sockets)
        except (redis.RedisError, OSError) as error:
            log.debug("cannot report the number of connections: %s", error)
        await asyncio.sleep(INTERVAL)


async def _report_to(client: Redis, name: str, sockets: Sized) -> None:
    try:
        while True:
            async with asyncio.timeout(TIMEOUT):
                await client.hset(KEY, name, orjson.dumps([len(sockets), time.time()]).decode())
            await asyncio.sleep(INTERVAL)
    finally:
        # An exception here would replace a cancellation, and the process would not end.
        with suppress(redis.RedisError, OSError):
            async with asyncio.timeout(TIMEOUT):
                await client.hdel(KEY, name)


def collect(runtime: Runtime) -> Iterator[GaugeMetricFamily]:
    """Yield the metrics for the API's /metrics."""
    processes, sockets = count_living(runtime)
    yield GaugeMetricFamily("tms_realtime_processes", "Running realtime processes.", value=processes)
    yield GaugeMetricFamily("tms_realtime_sockets", "Clients connected to them.", value=sockets)


def count_living(runtime: Runtime) -> tuple[int, int]:
    """Return the number of running processes and of their connections, and delete stale reports.

    Raises `redis.RedisError`.
    """
    stored = cast(dict[bytes, bytes], runtime.redis.hgetall(KEY))
    reports = {name: orjson.loads(value) for name, value in stored.items()}
    now = time.time()
    stale = [name for name, (_, reported_at) in reports.items() if now - reported_at > MAX_AGE]
    if stale:
        runtime.redis.hdel(KEY, *stale)
    living = [sockets for name, (sockets, _) in reports.items() if name not in stale]
    return len(living), sum(living)
