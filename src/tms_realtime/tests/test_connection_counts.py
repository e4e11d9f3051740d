"""The number of sockets, as /metrics of the API tells it."""

import asyncio
import signal
import threading
import time

import orjson
from redis.asyncio import Redis

from tms_core.supervisor.probe import Probe
from tms_realtime.connection_counts import KEY, MAX_SILENCE, collect, report


def told(runtime):
    return {metric.name: metric.samples[0].value for metric in collect(runtime)}


def test_without_processes_there_are_no_sockets(runtime):
    assert told(runtime) == {"tms_realtime_processes": 0, "tms_realtime_sockets": 0}


def test_all_processes_are_summed_up_and_one_that_ends_is_gone(runtime):
    async def run():
        tellers = [asyncio.create_task(report(runtime.core.redis, sockets)) for sockets in (range(3), range(4))]
        async with Redis.from_url(runtime.core.redis) as client:
            while await client.hlen(KEY) < len(tellers):
                assert not any(teller.done() for teller in tellers)
        found = await asyncio.to_thread(told, runtime)
        for teller in tellers:
            teller.cancel()
        await asyncio.gather(*tellers, return_exceptions=True)
        return found

    assert asyncio.run(asyncio.wait_for(run(), 30)) == {"tms_realtime_processes": 2, "tms_realtime_sockets": 7}
    assert told(runtime) == {"tms_realtime_processes": 0, "tms_realtime_sockets": 0}


def test_a_process_that_was_killed_is_forgotten(runtime):
    runtime.redis.hset(KEY, "killed", orjson.dumps([5, time.time() - MAX_SILENCE - 1]))
    runtime.redis.hset(KEY, "living", orjson.dumps([2, time.time()]))

    assert told(runtime) == {"tms_realtime_processes": 1, "tms_realtime_sockets": 2}
    assert runtime.redis.hkeys(KEY) == [b"living"]


def test_a_running_process_tells_of_itself_until_it_ends(runtime, start_realtime):
    process = start_realtime()
    has_told = threading.Event()
    Probe(lambda: told(runtime)["tms_realtime_processes"] == 1, has_told.set).start()

    assert has_told.wait(30)
    process.process.send_signal(signal.SIGTERM)
    assert process.process.wait(30) == 0
    assert told(runtime)["tms_realtime_processes"] == 0
