"""The sink: contents of the stream after deliveries and faults."""

from collections.abc import Callable, Sequence

import pytest
import redis
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import delete

from tms_core.app import configure
from tms_core.event_log.events import TaskEventRecord
from tms_core.event_log.sinks import EventSink
from tms_core.models import TaskEvent
from tms_core.runtime import Runtime
from tms_realtime.event_log.envelope import Envelope
from tms_realtime.event_log.published_batch import CHANNEL, PublishedBatch
from tms_realtime.event_log.stream import KEY, StreamWriter, entry_id, envelopes_in
from tms_realtime.sink import RealtimeSink


@pytest.fixture(scope="module")
def settings():
    return {"tms.realtime.stream_length": "100"}


@pytest.fixture
def deliver(runtime) -> Callable[..., None]:
    """Delivers a batch to a sink, as the relay does."""

    def run(sink: EventSink, events: Sequence[TaskEventRecord]) -> None:
        with runtime.transaction() as session:
            sink.deliver(session, events)

    return run


def in_stream(runtime: Runtime) -> list[Envelope]:
    entries = runtime.redis.xrange(KEY)
    envelopes = envelopes_in(entries)
    assert [entry for entry, _ in entries] == [entry_id(one.position).encode() for one in envelopes]
    return envelopes


def envelopes(events: Sequence[TaskEventRecord]) -> list[Envelope]:
    return [Envelope.of(event) for event in events]


def test_every_event_is_in_the_stream_once_and_in_order(runtime, publish, event, deliver):
    sink = RealtimeSink(runtime)
    published = publish.commit(*(event() for _ in range(5)))

    deliver(sink, published[:3])
    deliver(sink, published[3:])

    assert in_stream(runtime) == envelopes(published)


@given(ends=st.lists(st.tuples(st.integers(0, 9), st.integers(1, 5), st.booleans()), max_size=8))
@hypothesis_settings(max_examples=40)
def test_repeated_deliveries_neither_repeat_nor_omit_events(runtime, publish, event, deliver, ends):
    runtime.redis.delete(KEY)
    published = publish.commit(*(event() for _ in range(10)))
    sink = RealtimeSink(runtime)
    seen = 0
    # The relay starts at its cursor, which may be before delivered events, and it may be another relay.
    for cursor, size, is_another in [*ends, (0, 10, False)]:
        sink = RealtimeSink(runtime) if is_another else sink
        begin = min(cursor, seen)
        deliver(sink, published[begin : begin + size])
        seen = max(seen, min(begin + size, len(published)))
        assert in_stream(runtime) == envelopes(published[:seen])


def test_a_partially_delivered_batch_is_completed(runtime, publish, event, deliver):
    published = publish.commit(*(event() for _ in range(4)))
    sink = RealtimeSink(runtime)
    deliver(sink, published[:1])
    # Another relay that was leading before is ahead, which this one does not know.
    StreamWriter(runtime.redis, 100).append(envelopes(published[1:3]))

    with pytest.raises(redis.ResponseError):
        deliver(sink, published[1:])
    deliver(sink, published[1:])

    assert in_stream(runtime) == envelopes(published)


def test_the_stream_continues_after_redis_lost_its_data(runtime, publish, event, deliver):
    published = publish.commit(*(event() for _ in range(3)))
    sink = RealtimeSink(runtime)
    deliver(sink, published[:2])

    runtime.redis.flushall()
    deliver(sink, published[2:])

    assert in_stream(runtime) == envelopes(published[2:])


def test_the_stream_is_trimmed_to_about_the_configured_length(runtime, publish, event, deliver):
    published = publish.commit(*(event() for _ in range(500)))

    deliver(RealtimeSink(runtime), published)

    kept = in_stream(runtime)
    assert 100 <= len(kept) < 300
    assert kept == envelopes(published[-len(kept) :])


@pytest.mark.parametrize("is_ahead", [True, False])
def test_a_stream_of_another_database_is_replaced(runtime, publish, event, deliver, is_ahead):
    published = publish.commit(event(), event())
    position = published[-1].position + 1000 if is_ahead else published[0].position
    StreamWriter(runtime.redis, 100).append([Envelope.of(event(position=position, id=999, title="another's"))])

    deliver(RealtimeSink(runtime), published)

    assert in_stream(runtime) == envelopes(published)


def test_the_stream_follows_a_database_that_goes_back(runtime, publish, event, deliver):
    sink = RealtimeSink(runtime)
    deliver(sink, publish.commit(*(event() for _ in range(9))))

    with runtime.transaction() as session:
        session.execute(delete(TaskEvent))
    published = publish.commit(event(), event())
    for one in published:
        deliver(sink, [one])

    assert in_stream(runtime) == envelopes(published)


@pytest.mark.parametrize(
    "entry",
    [
        {"hello": "world"},
        {"e": "world"},
        {"e": b"[1]\na\nb"},
        {"e": b'[1,2,3,null,[1,null,"LOW","PENDING",5]]\na\nb'},
    ],
)
def test_a_stream_with_a_malformed_newest_entry_is_replaced(runtime, publish, event, deliver, entry):
    published = publish.commit(event(), event())
    # An automatic id, which is higher than all positions.
    runtime.redis.xadd(KEY, entry)

    deliver(RealtimeSink(runtime), published)

    assert in_stream(runtime) == envelopes(published)


def test_a_malformed_entry_added_later_costs_one_attempt(runtime, publish, event, deliver):
    published = publish.commit(event(), event())
    sink = RealtimeSink(runtime)
    deliver(sink, published[:1])
    runtime.redis.xadd(KEY, {"hello": "world"})

    with pytest.raises(redis.ResponseError):
        deliver(sink, published[1:])
    deliver(sink, published[1:])

    assert in_stream(runtime) == envelopes(published[1:])


def test_another_value_under_the_key_is_deleted(runtime, publish, event, deliver):
    published = publish.commit(event())
    runtime.redis.set(KEY, "hello")

    deliver(RealtimeSink(runtime), published)

    assert in_stream(runtime) == envelopes(published)


def test_the_sink_raises_while_redis_is_down(ini, publish, event, deliver, tmp_path):
    there = configure(ini | {"tms.redis_url": f"unix://{tmp_path}/nothing"}, web=False).registry.tms

    with pytest.raises(redis.RedisError):
        deliver(RealtimeSink(there), publish.commit(event()))


def test_a_repeated_batch_is_published_again_but_added_once(runtime, publish, event, deliver):
    published = publish.commit(event(), event())
    with runtime.redis.pubsub() as pubsub:
        pubsub.subscribe(CHANNEL)
        assert pubsub.get_message(timeout=60)["type"] == "subscribe"

        deliver(RealtimeSink(runtime), published[:1])
        deliver(RealtimeSink(runtime), published)

        batches = [PublishedBatch.decode(pubsub.get_message(timeout=60)["data"]) for _ in range(2)]
    assert [batch.envelopes for batch in batches] == [envelopes(published[:1]), envelopes(published)]
    assert batches[0].publisher != batches[1].publisher
    assert in_stream(runtime) == envelopes(published)
