"""Cancellation of calls to Redis."""

import asyncio
import random

import pytest

from tms_realtime.redis import create_redis

CANCELLATIONS = 300
# Iterations of the event loop: from the first step of a call to one after its end.
LATEST = 12


@pytest.mark.parametrize("connections", [None, 2])
def test_a_call_to_redis_ends_when_cancelled_at_any_moment(services, connections):
    async def scenario() -> list[int]:
        client = create_redis(services[1], connections=connections)
        rng = random.Random(1)
        moments = [rng.randrange(LATEST) for _ in range(CANCELLATIONS)]
        survived = [moment for moment in moments if not await ends_when_cancelled(client, moment)]
        await client.aclose()
        return survived

    assert asyncio.run(scenario()) == []


async def ends_when_cancelled(client, moment: int) -> bool:
    calls = asyncio.ensure_future(call_for_ever(client))
    for _ in range(moment):
        await asyncio.sleep(0)
    calls.cancel()
    for _ in range(LATEST):
        await asyncio.sleep(0)
    has_ended = calls.done()
    while not calls.done():
        calls.cancel()
        await asyncio.sleep(0)
    return has_ended


async def call_for_ever(client) -> None:
    while True:
        await client.ping()
