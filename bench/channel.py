"""Compares ways from the sink to a realtime process: .venv/bin/python bench/channel.py [--events 2000] [--rounds 3]

Sends one event at a time through a Redis of its own, and receives it by a blocking XREAD of the stream, and by the
subscription to the channel. Prints the milliseconds from sending to the decoded event, and the CPU time per event of
the receiver, in alternating rounds.
"""

import argparse
import asyncio
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

import redis
from run import percentile

from tms_local.embedded.services import embedded_services
from tms_realtime.event_log.envelope import Envelope
from tms_realtime.event_log.published_batch import PublishedBatch
from tms_realtime.event_log.stream import KEY, StreamWriter, entry_id, envelopes_in
from tms_realtime.event_log.subscription import subscription
from tms_realtime.redis import create_redis
from tms_testing.realtime.events import make_event

Receiver = Callable[[str, int, Callable[[Envelope], None]], Awaitable[None]]


async def by_stream(url: str, last: int, receive: Callable[[Envelope], None]) -> None:
    """Follow the stream by XREAD."""
    async with create_redis(url) as client:
        position = last
        receive(envelopes_in(await client.xrevrange(KEY, count=1))[0])
        while True:
            async with asyncio.timeout(8):
                response = await client.xread({KEY: entry_id(position)}, count=200, block=5000)
            for envelope in envelopes_in(response[KEY.encode()][0] if isinstance(response, dict) else response[0][1]):
                position = envelope.position
                receive(envelope)


async def by_channel(url: str, last: int, receive: Callable[[Envelope], None]) -> None:
    """Follow the channel."""
    async with subscription(url) as messages:
        async with create_redis(url) as client:
            receive(envelopes_in(await client.xrevrange(KEY, count=1))[0])
        while data := await messages.receive(5):
            for envelope in PublishedBatch.decode(data).envelopes:
                receive(envelope)


def measure(url: str, follow: Receiver, first: int, count: int) -> str:
    arrived, sent, times = threading.Semaphore(0), [0.0], []
    cpu = [0.0]

    def receive(envelope: Envelope) -> None:
        if envelope.position >= first:
            times.append((time.perf_counter() - sent[0]) * 1000)
        if envelope.position == first + count - 1:
            cpu[0] = time.thread_time() - began[0]
            raise asyncio.CancelledError
        if envelope.position == first - 1:
            began[0] = time.thread_time()
        arrived.release()

    began = [0.0]
    writer = StreamWriter(redis.Redis.from_url(url), 10_000)
    writer.append([Envelope.of(make_event(position=first - 1))])
    thread = threading.Thread(target=lambda: asyncio.run(_until_cancelled(follow(url, first - 1, receive))))
    thread.start()
    for number in range(count):
        arrived.acquire()
        time.sleep(0.002)
        envelope = Envelope.of(make_event(position=first + number))
        sent[0] = time.perf_counter()
        writer.append([envelope])
    thread.join()
    return f"{percentile(times, 0.5):.2f} | {percentile(times, 0.99):.2f} | {cpu[0] / count * 1e6:.0f}"


async def _until_cancelled(following: Awaitable[None]) -> None:
    with suppress(asyncio.CancelledError):
        await following


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tms-bench-") as folder, embedded_services(folder) as (_database, url):
        print("| receiver | p50 ms | p99 ms | CPU µs per event |\n|---|---|---|---|")
        first = 2
        for _ in range(options.rounds):
            for follow in (by_stream, by_channel):
                print(f"| {follow.__name__} | {measure(url, follow, first, options.events)} |", flush=True)
                first += options.events + 1


if __name__ == "__main__":
    main()
