"""The relay's end: what stands in the stream after whatever was delivered."""

from collections.abc import Callable, Sequence

import pytest
import redis
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import delete

from tms_core.app import configure
from tms_core.events import TaskEventRecord
from tms_core.models import TaskEvent
from tms_core.runtime import Runtime
from tms_core.sinks import EventSink
from tms_realtime.event_log.envelope import Envelope
from tms_realtime.event_log.stream import KEY, StreamWriter, entry_id, envelopes_in
from tms_realtime.sink import RealtimeSink


@pytest.fixture(scope="module")
def settings():
    return {"tms.realtime.stream_length": "100"}


@pytest.fixture
def deliver(runtime) -> Callable[..., None]:
    """Has a sink see a batch through, as the relay does."""

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


def test_every_event_stands_in_the_stream_once_and_in_order(runtime, publish, event, deliver):
    sink = RealtimeSink(runtime)
    told = publish.commit(*(event() for _ in range(5)))

    deliver(sink, told[:3])
    deliver(sink, told[3:])

    assert in_stream(runtime) == envelopes(told)


@given(ends=st.lists(st.tuples(st.integers(0, 9), st.integers(1, 5), st.booleans()), max_size=8))
@hypothesis_settings(max_examples=40)
def test_whatever_is_delivered_again_nothing_is_repeated_or_left_out(runtime, publish, event, deliver, ends):
    runtime.redis.delete(KEY)
    told = publish.commit(*(event() for _ in range(10)))
    sink = RealtimeSink(runtime)
    seen = 0
    # The relay begins at its cursor, which may be behind what was seen through, and sometimes it is another relay.
    for cursor, size, is_another in [*ends, (0, 10, False)]:
        sink = RealtimeSink(runtime) if is_another else sink
        begin = min(cursor, seen)
        deliver(sink, told[begin : begin + size])
        seen = max(seen, min(begin + size, len(told)))
        assert in_stream(runtime) == envelopes(told[:seen])


def test_a_batch_of_which_a_part_was_seen_through_is_completed(runtime, publish, event, deliver):
    told = publish.commit(*(event() for _ in range(4)))
    sink = RealtimeSink(runtime)
    deliver(sink, told[:1])
    # Another relay, that had the lead before, is ahead; this one does not know.
    StreamWriter(runtime.redis, 100).append(envelopes(told[1:3]))

    with pytest.raises(redis.ResponseError):
        deliver(sink, told[1:])
    deliver(sink, told[1:])

    assert in_stream(runtime) == envelopes(told)


def test_after_redis_has_lost_everything_the_stream_goes_on_with_the_next_event(runtime, publish, event, deliver):
    told = publish.commit(*(event() for _ in range(3)))
    sink = RealtimeSink(runtime)
    deliver(sink, told[:2])

    runtime.redis.flushall()
    deliver(sink, told[2:])

    assert in_stream(runtime) == envelopes(told[2:])


def test_no_more_is_kept_than_the_setting_says_about(runtime, publish, event, deliver):
    told = publish.commit(*(event() for _ in range(500)))

    deliver(RealtimeSink(runtime), told)

    kept = in_stream(runtime)
    assert 100 <= len(kept) < 300
    assert kept == envelopes(told[-len(kept) :])


@pytest.mark.parametrize("is_ahead", [True, False])
def test_a_stream_of_another_database_begins_anew(runtime, publish, event, deliver, is_ahead):
    told = publish.commit(event(), event())
    position = told[-1].position + 1000 if is_ahead else told[0].position
    StreamWriter(runtime.redis, 100).append([Envelope.of(event(position=position, id=999, title="another's"))])

    deliver(RealtimeSink(runtime), told)

    assert in_stream(runtime) == envelopes(told)


def test_a_database_that_goes_back_under_the_sink_is_followed(runtime, publish, event, deliver):
    sink = RealtimeSink(runtime)
    deliver(sink, publish.commit(*(event() for _ in range(9))))

    with runtime.transaction() as session:
        session.execute(delete(TaskEvent))
    told = publish.commit(event(), event())
    for one in told:
        deliver(sink, [one])

    assert in_stream(runtime) == envelopes(told)


@pytest.mark.parametrize(
    "entry",
    [
        {"hello": "world"},
        {"e": "world"},
        {"e": b"[1]\na\nb"},
        {"e": b'[1,2,3,null,[1,null,"LOW","PENDING",5]]\na\nb'},
    ],
)
def test_a_stream_with_garbage_at_its_end_begins_anew(runtime, publish, event, deliver, entry):
    told = publish.commit(event(), event())
    # By the clock: an id beyond all of ours.
    runtime.redis.xadd(KEY, entry)

    deliver(RealtimeSink(runtime), told)

    assert in_stream(runtime) == envelopes(told)


def test_garbage_that_comes_in_later_holds_the_sink_up_for_one_attempt(runtime, publish, event, deliver):
    told = publish.commit(event(), event())
    sink = RealtimeSink(runtime)
    deliver(sink, told[:1])
    runtime.redis.xadd(KEY, {"hello": "world"})

    with pytest.raises(redis.ResponseError):
        deliver(sink, told[1:])
    deliver(sink, told[1:])

    assert in_stream(runtime) == envelopes(told[1:])


def test_something_else_under_the_key_is_put_away(runtime, publish, event, deliver):
    told = publish.commit(event())
    runtime.redis.set(KEY, "hello")

    deliver(RealtimeSink(runtime), told)

    assert in_stream(runtime) == envelopes(told)


def test_the_sink_raises_while_redis_is_away(ini, publish, event, deliver, tmp_path):
    there = configure(ini | {"tms.redis_url": f"unix://{tmp_path}/nothing"}, web=False).registry.tms

    with pytest.raises(redis.RedisError):
        deliver(RealtimeSink(there), publish.commit(event()))
