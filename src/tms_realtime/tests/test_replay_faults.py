"""Clients that go, and a log that fails, while what one missed is on its way."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from tms_core.app import configure
from tms_realtime.event_log.envelope import Envelope
from tms_realtime.event_log.reader import LogReader
from tms_realtime.event_log.stream import KEY
from tms_testing.fixtures import empty


@pytest.fixture
def runtime(_system):
    """Without a process that runs on from test to test, the log may begin anew."""
    empty(_system[0])
    return _system[0]


def ids(messages: list[dict[str, Any]]) -> list[int]:
    return [message["event_id"] for message in messages]


def test_who_goes_while_it_catches_up_is_sent_nothing_more_and_forgotten(log, make_speaker, settled, run):
    log(300)

    async def scenario():
        gone, other = make_speaker(since=0), make_speaker(since=0)
        gone.wire.is_shut = True
        await other.wire.until(lambda: other.wire.sent)
        gone.connection.gone()
        gone.wire.open()
        await settled(other)
        assert gone.wire.sent == []
        assert len(gone.context.hub) == 0

    run(scenario())


def test_who_catches_up_is_among_the_clients_that_are_watched_and_told_of_the_end(log, make_speaker, settled, run):
    log(300)

    async def scenario():
        one = make_speaker(since=0)
        one.wire.is_shut = True
        assert one.context.hub.clients() == [one.connection]
        one.connection.end(1001, "the server ends")
        one.wire.open()
        await asyncio.sleep(0)
        assert (one.wire.codes, one.wire.sent, one.context.hub.clients()) == ([1001], [], [])

    run(scenario())


def test_where_to_go_on_is_not_known_before_one_has_caught_up(log, make_speaker, settled, run):
    told = log(300)

    async def scenario():
        one = make_speaker(since=0)
        assert one.connection.position is None
        await settled(one)
        assert one.connection.position == told[-1].position + 1

    run(scenario())


def test_one_that_is_ended_by_the_last_message_of_its_past_does_not_come_back(log, make_speaker, run):
    log(1)

    async def scenario():
        one = make_speaker()

        def send(message):
            one.connection.end(1013, "too slow")

        one.connection.send = send
        one.say(type="resume", since=0)
        await one.wire.until(lambda: one.wire.codes)
        for _ in range(10):
            await asyncio.sleep(0)
        assert (one.wire.codes, one.context.hub.clients()) == ([1013], [])

    run(scenario())


def test_one_that_takes_nothing_for_too_long_is_closed_with_1013(log, make_speaker, run):
    log(1)

    async def scenario():
        one = make_speaker()

        async def never() -> None:
            raise TimeoutError

        one.wire.drained = never
        one.say(type="resume", since=0)
        await one.wire.until(lambda: one.wire.codes)
        assert (one.wire.codes, one.wire.sent, one.context.hub.clients()) == ([1013], [], [])

    run(scenario())


def test_whatever_else_goes_wrong_nobody_waits_for_ever(log, make_speaker, run, caplog):
    log(1)

    async def scenario():
        one = make_speaker()

        async def broken() -> None:
            raise RuntimeError("a bug")

        one.wire.drained = broken
        one.say(type="resume", since=0)
        await one.wire.until(lambda: one.wire.codes)
        assert (one.wire.codes, one.context.hub.clients()) == ([1013], [])

    run(scenario())
    assert "RuntimeError: a bug" in caplog.text


@pytest.fixture
def without_database(ini, make_context, contexts):
    """A switchboard whose reader has Redis alone."""
    there = configure(ini | {"tms.database_url": "postgresql://nobody@127.0.0.1:1/nothing"}, web=False).registry.tms
    context = make_context()
    reader = LogReader(there)
    contexts.append(replace(context, reader=reader))
    return contexts[-1]


def test_where_the_log_cannot_be_read_the_connection_is_closed_with_1013(log, without_database, make_speaker, run):
    log(5)
    without_database.hub.position = 5

    async def scenario(since):
        one = make_speaker(since=since, on=without_database)
        await one.wire.until(lambda: one.wire.codes)
        return one.wire.sent, one.wire.codes

    log(0, stream_length=2)
    assert run(scenario(0)) == ([], [1013])


def test_what_is_in_redis_comes_also_while_the_database_is_away(log, event, without_database, make_speaker, run):
    log(5)
    without_database.hub.position = 5

    async def scenario():
        one = make_speaker(since=2, on=without_database)
        await one.wire.until(lambda: len(one.wire.sent) == 3)
        without_database.hub.publish([Envelope.of(event(position=6))])
        return one.wire.sent

    assert ids(run(scenario())) == [3, 4, 5, 6]


def test_garbage_in_the_stream_is_passed_over_for_the_database(runtime, log, make_speaker, settled, run):
    log(5)
    runtime.redis.xadd(KEY, {"hello": "world"}, id="5-1")

    async def scenario():
        one = make_speaker(since=2)
        await one.wire.until(lambda: len(one.wire.sent) == 3)
        return one.wire.sent

    assert ids(run(scenario())) == [3, 4, 5]


def test_a_log_that_goes_back_under_a_client_that_catches_up_ends_in_a_reset(log, make_speaker, run):
    log(5)

    async def scenario():
        one = make_speaker(since=2)
        # It is reading now.
        await asyncio.sleep(0)
        one.context.hub.reset(1)
        await one.wire.until(lambda: one.wire.sent)
        assert one.wire.sent == [{"type": "reset", "event_id": 1}]

    run(scenario())
