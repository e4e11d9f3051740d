"""The number of connections in the API's /metrics."""

import asyncio
import signal
import threading
import time

import orjson
from redis.asyncio import Redis

from tms_local.supervisor.probe import Probe
from tms_realtime.connection_counts import KEY, MAX_AGE, collect, report


def metrics_of(runtime):
    return {metric.name: metric.samples[0].value for metric in collect(runtime)}


def test_counts_are_0_without_processes(runtime):
    assert metrics_of(runtime) == {"tms_realtime_processes": 0, "tms_realtime_sockets": 0}


def test_processes_are_summed_up_until_they_end(runtime):
    async def run():
        reporters = [asyncio.create_task(report(runtime.core.redis, sockets)) for sockets in (range(3), range(4))]
        async with Redis.from_url(runtime.core.redis) as client:
            while await client.hlen(KEY) < len(reporters):
                assert not any(reporter.done() for reporter in reporters)
        found = await asyncio.to_thread(metrics_of, runtime)
        for reporter in reporters:
            reporter.cancel()
        await asyncio.gather(*reporters, return_exceptions=True)
        return found

    assert asyncio.run(asyncio.wait_for(run(), 30)) == {"tms_realtime_processes": 2, "tms_realtime_sockets": 7}
    assert metrics_of(runtime) == {"tms_realtime_processes": 0, "tms_realtime_sockets": 0}


def test_a_killed_process_is_dropped(runtime):
    runtime.redis.hset(KEY, "killed", orjson.dumps([5, time.time() - MAX_AGE - 1]))
    runtime.redis.hset(KEY, "living", orjson.dumps([2, time.time()]))

    assert metrics_of(runtime) == {"tms_realtime_processes": 1, "tms_realtime_sockets": 2}
    assert runtime.redis.hkeys(KEY) == [b"living"]


def test_a_process_reports_itself_until_it_ends(runtime, start_realtime):
    process = start_realtime()
    has_reported = threading.Event()
    Probe(lambda: metrics_of(runtime)["tms_realtime_processes"] == 1, has_reported.set).start()

    assert has_reported.wait(30)
    process.process.send_signal(signal.SIGTERM)
    assert process.process.wait(30) == 0
    assert metrics_of(runtime)["tms_realtime_processes"] == 0
