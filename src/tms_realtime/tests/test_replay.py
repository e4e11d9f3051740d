"""What a client gets that goes on where it was: real PostgreSQL and Redis, clients without sockets."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import delete

from tms_core.models import TaskEvent
from tms_realtime import metrics
from tms_testing.fixtures import empty

PATIENCE = 60


@pytest.fixture
def runtime(_system):
    """Without a process that runs on from test to test, the log may begin anew."""
    empty(_system[0])
    return _system[0]


def ids(messages: list[dict[str, Any]]) -> list[int]:
    return [message["event_id"] for message in messages]


def positions(events) -> list[int]:
    return [event.position for event in events]


def reads(source: str) -> float:
    return metrics.REGISTRY.get_sample_value("tms_realtime_replay_reads_total", {"source": source}) or 0


@pytest.mark.parametrize("stream_length", [None, 0, 1, 300])
@pytest.mark.parametrize("since", [0, 1, 700, 1299, 1300])
def test_every_later_event_comes_once_and_in_order(since, stream_length, log, make_speaker, settled, run):
    told = log(1300, stream_length=stream_length)

    async def scenario():
        return await settled(make_speaker(since=since))

    assert ids(run(scenario())) == positions(told[since:])


def test_the_messages_are_those_that_live_clients_got(log, make_speaker, settled, event, run):
    async def scenario():
        live = make_speaker()
        log(3, changes={"status": ["PENDING", "COMPLETED"]}, status="COMPLETED")
        await live.context.follower.catch_up()
        late = [make_speaker(since=0, on=context) for context in (live.context, make_speaker().context)]
        for one in late:
            await settled(one)
            assert one.wire.sent[:3] == live.wire.sent[:3]

    run(scenario())


@pytest.mark.parametrize(("stream_length", "source"), [(None, "redis"), (0, "database")])
def test_the_database_is_left_alone_where_redis_has_it_all(stream_length, source, log, make_speaker, settled, run):
    log(10, stream_length=stream_length)
    before = {name: reads(name) for name in ("memory", "redis", "database")}

    async def scenario():
        await settled(make_speaker(since=3))

    run(scenario())

    assert {name for name, count in before.items() if reads(name) > count} == {source}


def test_what_this_process_has_just_sent_is_in_its_memory(log, make_speaker, settled, run):
    async def scenario():
        live = make_speaker()
        log(10, stream_length=0)
        await live.context.follower.catch_up()
        before = {name: reads(name) for name in ("memory", "redis", "database")}
        assert ids(await settled(make_speaker(since=3, on=live.context))) == [4, 5, 6, 7, 8, 9, 10]
        assert {name for name, count in before.items() if reads(name) > count} == {"memory"}

    run(scenario())


def test_since_the_newest_event_nothing_comes_but_what_is_new(log, make_speaker, settled, run):
    told = log(5)

    async def scenario():
        return await settled(make_speaker(since=told[-1].position))

    assert run(scenario()) == []


def test_one_that_another_process_has_told_more_does_not_hear_it_again(log, make_speaker, settled, run):
    async def scenario():
        live = make_speaker()
        told = log(10)
        ahead = make_speaker(since=told[6].position, on=live.context)
        assert ids(await settled(ahead)) == positions(told[7:])
        # And nobody else lacks what the process was behind.
        assert ids(live.wire.sent[:10]) == positions(told)

    run(scenario())


@pytest.mark.parametrize("since", [6, 1000, 2**63 - 1])
def test_a_position_that_this_database_never_had_is_answered_by_one_reset(since, log, make_speaker, settled, run):
    log(5)

    async def scenario():
        return await settled(make_speaker(since=since), after=1)

    assert run(scenario()) == [{"type": "reset", "event_id": 5}]


@pytest.mark.parametrize("stream_length", [5, 0])
def test_where_the_log_does_not_reach_back_so_far_there_is_one_reset(
    stream_length, runtime, log, make_speaker, settled, run
):
    log(20, stream_length=stream_length)
    with runtime.transaction() as session:
        session.execute(delete(TaskEvent).where(TaskEvent.position <= 10))

    async def scenario():
        before, behind = make_speaker(since=9), make_speaker(since=10)
        assert await settled(before, after=1) == [{"type": "reset", "event_id": 20}]
        assert ids(await settled(behind)) == [*range(11, 22)]

    run(scenario())


def test_who_has_missed_more_than_the_setting_says_is_told_to_read_anew(log, make_context, make_speaker, settled, run):
    log(20)

    async def scenario():
        context = make_context(replay=10)
        few, many = make_speaker(since=10, on=context), make_speaker(since=9, on=context)
        assert await settled(many, after=1) == [{"type": "reset", "event_id": 20}]
        assert ids(await settled(few)) == [*range(11, 22)]

    run(scenario())


def test_a_client_that_falls_behind_while_it_catches_up_still_gets_everything(
    log, make_context, make_speaker, settled, run
):
    log(10)

    async def scenario():
        slow = make_speaker(since=0, on=make_context(replay=10))
        slow.wire.is_shut = True
        log(50)
        await slow.context.follower.catch_up()
        slow.wire.open()
        return await settled(slow)

    assert ids(run(scenario())) == [*range(1, 61)]


def test_resuming_begins_again_behind_the_event_and_then_it_goes_on(log, make_speaker, settled, run):
    async def scenario():
        one = make_speaker()
        log(5)
        await one.context.follower.catch_up()
        assert one.say(type="resume", since=2) is None
        assert ids(await settled(one)) == [1, 2, 3, 4, 5, 3, 4, 5]
        del one.wire.sent[:]
        log(2)
        await one.context.follower.catch_up()
        assert ids(await settled(one)) == [7, 8]

    run(scenario())


def test_who_resumes_while_it_still_catches_up_begins_again(log, make_speaker, settled, run):
    log(500)

    async def scenario():
        one = make_speaker(since=0)
        one.wire.is_shut = True
        await asyncio.sleep(0)
        one.say(type="resume", since=490)
        one.wire.open()
        return await settled(one)

    assert ids(run(scenario())) == [*range(491, 501)]


def test_a_subscription_holds_for_what_is_still_to_come_of_the_past(log, make_speaker, settled, run):
    log(3, status="PENDING")
    log(3, status="COMPLETED")

    async def scenario():
        one = make_speaker()
        one.say(type="resume", since=0)
        one.say(type="subscribe", id="a", filter={"status": "COMPLETED"})
        one.say(type="subscribe", id="b", filter={"status": "IN_PROGRESS"})
        return await settled(one)

    messages = run(scenario())

    assert ids(messages) == [4, 5, 6]
    assert {message["subscriptions"]["a"] for message in messages} == {"stay"}


def test_nothing_of_an_older_wish_comes_after_the_answer_to_a_newer_one(log, make_speaker, settled, run):
    log(150, status="PENDING")
    log(150, status="COMPLETED", description="x" * 1000)

    async def scenario():
        one = make_speaker(since=0)
        one.wire.is_shut = True
        await one.wire.until(lambda: one.wire.is_awaited)
        one.say(type="subscribe", id="a", filter={"status": "COMPLETED"})
        one.say(type="subscribe", id="b", filter={"status": "IN_PROGRESS"})
        one.wire.open()
        return await settled(one)

    messages = run(scenario())

    assert ids(messages) == [*range(151, 301)]
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
def test_the_seam_between_past_and_present_is_tight_whatever_happens_meanwhile(
    steps, log, make_speaker, settled, runtime, run
):
    async def scenario():
        one = make_speaker(since=0)
        hub = one.context.hub
        begun_at, begun_with = hub.position, 0
        log(10)
        for word, value in steps:
            match word:
                case "publish":
                    log(value)
                    await one.context.follower.catch_up()
                case "resume":
                    begun_at, begun_with = int(hub.position * value), len(one.wire.sent)
                    one.say(type="resume", since=begun_at)
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
        assert ids(one.wire.sent[begun_with:]) == [*range(begun_at + 1, hub.position + 1)]
        one.connection.gone()

    empty(runtime)
    run(scenario())
