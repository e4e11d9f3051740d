"""Replay after a reconnect, with real PostgreSQL and Redis and clients without sockets."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import delete

from tms_core.models import TaskEvent
from tms_realtime import metrics
from tms_testing.fixtures import empty
from tms_testing.realtime.without_sockets import event_ids

PATIENCE = 60


@pytest.fixture
def runtime(_system):
    """The runtime with empty tables; the log may restart, since no process runs from test to test."""
    empty(_system[0])
    return _system[0]


def positions(events) -> list[int]:
    return [event.position for event in events]


def reads(source: str) -> float:
    return metrics.REGISTRY.get_sample_value("tms_realtime_replay_reads_total", {"source": source}) or 0


@pytest.mark.parametrize("stream_length", [None, 0, 1, 300])
@pytest.mark.parametrize("since", [0, 1, 700, 1299, 1300])
def test_later_events_are_replayed_once_and_in_order(since, stream_length, log, make_client, settled, run):
    published = log(1300, stream_length=stream_length)

    async def scenario():
        return await settled(make_client(since=since))

    assert event_ids(run(scenario())) == positions(published[since:])


def test_replayed_messages_equal_live_ones(log, make_client, settled, event, run):
    async def scenario():
        live = make_client()
        log(3, changes={"status": ["PENDING", "COMPLETED"]}, status="COMPLETED")
        await live.context.follower.catch_up()
        late = [make_client(since=0, on=context) for context in (live.context, make_client().context)]
        for one in late:
            await settled(one)
            assert one.wire.sent[:3] == live.wire.sent[:3]

    run(scenario())


@pytest.mark.parametrize(("stream_length", "source"), [(None, "redis"), (0, "database")])
def test_the_database_is_not_read_if_redis_has_all_events(stream_length, source, log, make_client, settled, run):
    log(10, stream_length=stream_length)
    before = {name: reads(name) for name in ("memory", "redis", "database")}

    async def scenario():
        await settled(make_client(since=3))

    run(scenario())

    assert {name for name, count in before.items() if reads(name) > count} == {source}


def test_events_published_by_the_process_are_read_from_memory(log, make_client, settled, run):
    async def scenario():
        live = make_client()
        log(10, stream_length=0)
        await live.context.follower.catch_up()
        before = {name: reads(name) for name in ("memory", "redis", "database")}
        assert event_ids(await settled(make_client(since=3, on=live.context))) == [4, 5, 6, 7, 8, 9, 10]
        assert {name for name, count in before.items() if reads(name) > count} == {"memory"}

    run(scenario())


def test_nothing_is_replayed_since_the_newest_event(log, make_client, settled, run):
    published = log(5)

    async def scenario():
        return await settled(make_client(since=published[-1].position))

    assert run(scenario()) == []


def test_a_client_ahead_of_the_process_gets_no_event_twice(log, make_client, settled, run):
    async def scenario():
        live = make_client()
        published = log(10)
        ahead = make_client(since=published[6].position, on=live.context)
        assert event_ids(await settled(ahead)) == positions(published[7:])
        # The other clients of the process miss nothing.
        assert event_ids(live.wire.sent[:10]) == positions(published)

    run(scenario())


@pytest.mark.parametrize("since", [6, 1000, 2**63 - 1])
def test_an_unknown_position_leads_to_one_reset(since, log, make_client, settled, run):
    log(5)

    async def scenario():
        return await settled(make_client(since=since), after=1)

    assert run(scenario()) == [{"type": "reset", "event_id": 5}]


@pytest.mark.parametrize("stream_length", [5, 0])
def test_a_position_before_the_log_leads_to_one_reset(stream_length, runtime, log, make_client, settled, run):
    log(20, stream_length=stream_length)
    with runtime.transaction() as session:
        session.execute(delete(TaskEvent).where(TaskEvent.position <= 10))

    async def scenario():
        before, behind = make_client(since=9), make_client(since=10)
        assert await settled(before, after=1) == [{"type": "reset", "event_id": 20}]
        assert event_ids(await settled(behind)) == [*range(11, 22)]

    run(scenario())


def test_a_client_that_missed_more_than_the_limit_gets_a_reset(log, make_context, make_client, settled, run):
    log(20)

    async def scenario():
        context = make_context(replay=10)
        few, many = make_client(since=10, on=context), make_client(since=9, on=context)
        assert await settled(many, after=1) == [{"type": "reset", "event_id": 20}]
        assert event_ids(await settled(few)) == [*range(11, 22)]

    run(scenario())


def test_a_client_that_falls_behind_during_its_replay_gets_all_events(log, make_context, make_client, settled, run):
    log(10)

    async def scenario():
        slow = make_client(since=0, on=make_context(replay=10))
        slow.wire.is_shut = True
        log(50)
        await slow.context.follower.catch_up()
        slow.wire.open()
        return await settled(slow)

    assert event_ids(run(scenario())) == [*range(1, 61)]


def test_resume_restarts_after_the_event_and_continues_live(log, make_client, settled, run):
    async def scenario():
        one = make_client()
        log(5)
        await one.context.follower.catch_up()
        assert one.command(type="resume", since=2) is None
        assert event_ids(await settled(one)) == [1, 2, 3, 4, 5, 3, 4, 5]
        del one.wire.sent[:]
        log(2)
        await one.context.follower.catch_up()
        assert event_ids(await settled(one)) == [7, 8]

    run(scenario())


def test_resume_during_a_replay_restarts_it(log, make_client, settled, run):
    log(500)

    async def scenario():
        one = make_client(since=0)
        one.wire.is_shut = True
        await asyncio.sleep(0)
        one.command(type="resume", since=490)
        one.wire.open()
        return await settled(one)

    assert event_ids(run(scenario())) == [*range(491, 501)]


def test_a_subscription_applies_to_the_rest_of_a_replay(log, make_client, settled, run):
    log(3, status="PENDING")
    log(3, status="COMPLETED")

    async def scenario():
        one = make_client()
        one.command(type="resume", since=0)
        one.command(type="subscribe", id="a", filter={"status": "COMPLETED"})
        one.command(type="subscribe", id="b", filter={"status": "IN_PROGRESS"})
        return await settled(one)

    messages = run(scenario())

    assert event_ids(messages) == [4, 5, 6]
    assert {message["subscriptions"]["a"] for message in messages} == {"stay"}


def test_no_message_of_the_old_subscriptions_follows_the_response_to_a_new_one(log, make_client, settled, run):
    log(150, status="PENDING")
    log(150, status="COMPLETED", description="x" * 1000)

    async def scenario():
        one = make_client(since=0)
        one.wire.is_shut = True
        await one.wire.until(lambda: one.wire.is_awaited)
        one.command(type="subscribe", id="a", filter={"status": "COMPLETED"})
        one.command(type="subscribe", id="b", filter={"status": "IN_PROGRESS"})
        one.wire.open()
        return await settled(one)

    messages = run(scenario())

    assert event_ids(messages) == [*range(151, 301)]
    assert {message["subscriptions"]["a"] for message in messages} == {"stay"}


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("publish"), st.integers(1, 250)),
        st.tuples(st.just("resume"), st.floats(0, 1)),
        st.tuples(st.just("trim"), st.integers(0, 50)),
        st.tuples(st.just("shut"), st.just(0)),
        st.tuples(st.just("open"), st.just(0)),
        st.tuples(st.just("rounds"), st.integers(1, 30)),
    ),
    max_size=12,
)


@given(steps=STEPS)
@hypothesis_settings(max_examples=30)
def test_no_event_is_lost_or_repeated_between_replay_and_live_events(steps, log, make_client, settled, runtime, run):
    async def scenario():
        one = make_client(since=0)
        hub = one.context.hub
        begun_at, begun_with = hub.position, 0
        log(10)
        for action, value in steps:
            match action:
                case "publish":
                    log(value)
                    await one.context.follower.catch_up()
                case "resume":
                    begun_at, begun_with = int(hub.position * value), len(one.wire.sent)
                    one.command(type="resume", since=begun_at)
                case "trim":
                    log(1, stream_length=value)
                case "shut":
                    one.wire.is_shut = True
                case "open":
                    one.wire.open()
                case "rounds":
                    for _ in range(value):
                        await asyncio.sleep(0)
        one.wire.open()
        await settled(one)
        assert event_ids(one.wire.sent[begun_with:]) == [*range(begun_at + 1, hub.position + 1)]
        one.connection.gone()

    empty(runtime)
    run(scenario())
