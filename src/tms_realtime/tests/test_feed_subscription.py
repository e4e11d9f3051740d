"""The feed's subscription: whatever is lost, repeated or foreign on the channel, clients receive every event once."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import delete

from tms_core.models import TaskEvent
from tms_realtime import feed, metrics
from tms_realtime.event_log import published_batch
from tms_realtime.event_log.envelope import Envelope
from tms_realtime.event_log.published_batch import CHANNEL, encode_batch
from tms_realtime.event_log.stream import FIELD, KEY, StreamWriter, entry_id
from tms_testing.realtime.without_sockets import followed, receives

LIMIT = "client-output-buffer-limit"


@pytest.fixture
def envelopes():
    return lambda events: [Envelope.of(event) for event in events]


@pytest.fixture
def add_to_stream(runtime, envelopes):
    """Adds events to the stream without publishing them."""

    def add(*events) -> None:
        for envelope in envelopes(events):
            runtime.redis.xadd(KEY, {FIELD: envelope.encode()}, id=entry_id(envelope.position))

    return add


@pytest.fixture
def message(envelopes):
    """Returns the message of a batch."""

    def encode(*events, publisher: str = "relay") -> bytes:
        batch = envelopes(events)
        return encode_batch(publisher, batch[-1].identity, [envelope.encode() for envelope in batch])

    return encode


@pytest.fixture
def received():
    """Returns the number of events that the feed received from a source."""

    def read(source: str) -> float:
        return metrics.RECEIVED.labels(source)._value.get()

    return read


async def until_following(context):
    while not context.follower.is_following:
        await asyncio.sleep(0)


def test_events_missed_on_the_channel_are_read_from_the_stream(
    run, make_context, make_client, publish, event, add_to_stream, received
):
    async def scenario():
        context = make_context()
        one = make_client(on=context)
        async with followed(context):
            await until_following(context)
            add_to_stream(*publish.commit(event(title="one"), event(title="two")))
            publish(event(title="three"))
            await receives(one, "one", "two", "three")

    before = received("stream"), received("database")
    run(scenario())

    # The third is in the stream, too, when the first two are read.
    assert (received("stream"), received("database")) == (before[0] + 3, before[1])


def test_a_lost_subscription_loses_and_repeats_nothing(
    runtime, run, make_context, make_client, publish, event, monkeypatch
):
    async def scenario():
        context = make_context()
        one = make_client(on=context)
        async with followed(context):
            await until_following(context)
            for number in range(5):
                publish(event(title=f"{number}, before"))
                runtime.redis.client_kill_filter(_type="pubsub")
                publish(event(title=f"{number}, after"))
            await receives(one, *(f"{number}, {when}" for number in range(5) for when in ("before", "after")))

    run(scenario())


def test_repeated_messages_are_published_once(runtime, run, make_context, make_client, publish, event, message):
    async def scenario():
        context = make_context()
        one = make_client(on=context)
        async with followed(context):
            await until_following(context)
            stored = publish(event(title="one"), event(title="two"))
            runtime.redis.publish(CHANNEL, message(*stored, publisher="a former leader"))
            runtime.redis.publish(CHANNEL, message(stored[0], publisher="a former leader"))
            publish(event(title="three"))
            await receives(one, "one", "two", "three")

    run(scenario())


@pytest.mark.parametrize("distance", [0, 1, 5])
def test_events_of_another_database_on_the_channel_are_ignored(
    distance, runtime, run, make_context, make_client, publish, event, message, caplog
):
    (newest,) = publish.commit(event(title="ours, before"))
    first = newest.position + distance
    foreign = [event(position=first + number, id=99, title="another's") for number in range(3)]

    async def scenario():
        context = make_context()
        one = make_client(on=context)
        async with followed(context):
            await until_following(context)
            for _ in range(3):
                runtime.redis.publish(CHANNEL, message(*foreign, publisher="another"))
            publish(event(title="ours"))
            runtime.redis.publish(CHANNEL, message(*foreign, publisher="another"))
            publish(event(title="ours again"))
            await receives(one, "ours", "ours again")

    run(scenario())

    # The database is queried once.
    assert caplog.text.count("another database publishes") == 1


def test_a_batch_that_is_too_large_for_a_message_is_read_from_the_stream(
    run, make_context, make_client, publish, event, received
):
    long = "x" * (published_batch.MAX_BYTES // 2)

    async def scenario():
        context = make_context()
        one = make_client(on=context)
        async with followed(context):
            await until_following(context)
            publish(*(event(title=str(number), description=long) for number in range(3)))
            publish(event(title="small"))
            await receives(one, "0", "1", "2", "small")

    before = received("database")
    run(scenario())

    assert received("database") == before


def test_a_message_has_no_events_if_they_exceed_its_size(event, message):
    half = "x" * (published_batch.MAX_BYTES // 2)

    small = message(event(position=1, description=half))
    large = message(*(event(position=position, description=half) for position in (1, 2)))

    assert [one.position for one in published_batch.PublishedBatch.decode(small).envelopes] == [1]
    assert published_batch.PublishedBatch.decode(large).envelopes == []
    assert published_batch.PublishedBatch.decode(large).newest.position == 2


def test_a_subscriber_that_redis_disconnects_for_its_backlog_misses_nothing(
    runtime, run, make_context, make_client, publish, event, caplog
):
    async def scenario():
        context = make_context()
        one = make_client(on=context)
        async with followed(context):
            await until_following(context)
            usual = runtime.redis.config_get(LIMIT)[LIMIT]
            runtime.redis.config_set(LIMIT, "pubsub 65536 0 0")
            try:
                # The loop does not read meanwhile; larger than the buffers of the sockets, in messages that are small
                # enough for Valkey to copy, since it does not count others.
                stored = publish(*(event(title=str(number), description="x" * 9_000) for number in range(100)))
                for each in stored * 20:
                    publish.stream.append([Envelope.of(each)], after=stored[-1].position)
            finally:
                runtime.redis.config_set(LIMIT, usual)
            await receives(one, *map(str, range(100)))

    run(scenario())

    assert "redis is down" in caplog.text


def test_repeats_of_a_database_that_has_gone_back_reset_clients(
    runtime, run, make_context, make_client, publish, event, monkeypatch
):
    monkeypatch.setattr(feed, "REPEAT_SECONDS", 0.01)
    kept, *_forgotten = publish(*(event(title=title) for title in ("kept", "forgotten", "forgotten")))

    async def scenario():
        context = make_context()
        one = make_client(on=context)
        async with followed(context):
            await until_following(context)
            with runtime.transaction() as session:
                session.execute(delete(TaskEvent).where(TaskEvent.position > kept.position))
            (new,) = publish.commit(event(title="new"))
            StreamWriter(runtime.redis, 100).append([Envelope.of(new)], after=new.position)
            await receives(one, "reset")
            assert one.wire.sent[0]["event_id"] == new.position

    run(scenario())


# Slices of the ten events, as (first, count); whatever is in none of them is lost on the channel.
slices = st.lists(st.tuples(st.integers(0, 9), st.integers(1, 4)), max_size=12)


@hypothesis_settings(max_examples=40)
@given(published=slices, in_stream=st.integers(0, 10))
def test_any_mix_of_lost_repeated_and_reordered_messages_gives_every_event_once_and_in_order(
    runtime, run, make_context, make_client, publish, event, message, add_to_stream, published, in_stream
):
    runtime.redis.delete(KEY)

    async def scenario():
        context = make_context()
        one = make_client(on=context)
        stored = publish.commit(*(event() for _ in range(10)))
        # The stream may have lost the older ones.
        add_to_stream(*stored[10 - in_stream :])
        for first, count in [*published, (9, 1)]:
            await context.follower.receive(message(*stored[first : first + count]))
        assert [sent["event_id"] for sent in one.wire.sent] == [each.position for each in stored]
        assert context.hub.position == stored[-1].position

    run(scenario())
