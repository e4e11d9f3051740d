"""Replays during which clients disconnect or the log fails."""

import asyncio
from dataclasses import replace

import pytest

from tms_core.app import configure
from tms_realtime.event_log.envelope import Envelope
from tms_realtime.event_log.reader import LogReader
from tms_realtime.event_log.stream import KEY
from tms_testing.fixtures import empty
from tms_testing.realtime.without_sockets import event_ids


@pytest.fixture
def runtime(_system):
    """The runtime with empty tables; the log may restart, since no process runs from test to test."""
    empty(_system[0])
    return _system[0]


def test_a_client_that_disconnects_during_its_replay_is_removed(log, make_client, settled, run):
    log(300)

    async def scenario():
        gone, other = make_client(since=0), make_client(since=0)
        gone.wire.is_shut = True
        await other.wire.until(lambda: other.wire.sent)
        gone.connection.gone()
        gone.wire.open()
        await settled(other)
        assert gone.wire.sent == []
        assert len(gone.context.hub) == 0

    run(scenario())


def test_a_client_in_replay_is_a_client_of_the_hub(log, make_client, settled, run):
    log(300)

    async def scenario():
        one = make_client(since=0)
        one.wire.is_shut = True
        assert one.context.hub.clients() == [one.connection]
        one.connection.end(1001, "the server ends")
        one.wire.open()
        await asyncio.sleep(0)
        assert (one.wire.codes, one.wire.sent, one.context.hub.clients()) == ([1001], [], [])

    run(scenario())


def test_a_client_in_replay_has_no_position(log, make_client, settled, run):
    published = log(300)

    async def scenario():
        one = make_client(since=0)
        assert one.connection.position is None
        await settled(one)
        assert one.connection.position == published[-1].position + 1

    run(scenario())


def test_a_client_closed_by_the_last_message_of_its_replay_does_not_join_again(log, make_client, run):
    log(1)

    async def scenario():
        one = make_client()

        def send(message):
            one.connection.end(1013, "too slow")

        one.connection.send = send
        one.command(type="resume", since=0)
        await one.wire.until(lambda: one.wire.codes)
        for _ in range(10):
            await asyncio.sleep(0)
        assert (one.wire.codes, one.context.hub.clients()) == ([1013], [])

    run(scenario())


def test_a_client_that_does_not_read_is_closed_with_1013(log, make_client, run):
    log(1)

    async def scenario():
        one = make_client()

        async def never() -> None:
            raise TimeoutError

        one.wire.drained = never
        one.command(type="resume", since=0)
        await one.wire.until(lambda: one.wire.codes)
        assert (one.wire.codes, one.wire.sent, one.context.hub.clients()) == ([1013], [], [])

    run(scenario())


def test_an_unexpected_error_closes_the_connection(log, make_client, run, caplog):
    log(1)

    async def scenario():
        one = make_client()

        async def broken() -> None:
            raise RuntimeError("a bug")

        one.wire.drained = broken
        one.command(type="resume", since=0)
        await one.wire.until(lambda: one.wire.codes)
        assert (one.wire.codes, one.context.hub.clients()) == ([1013], [])

    run(scenario())
    assert "RuntimeError: a bug" in caplog.text


@pytest.fixture
def without_database(ini, make_context, contexts):
    """A context whose reader has no database."""
    there = configure(ini | {"tms.database_url": "postgresql://nobody@127.0.0.1:1/nothing"}, web=False).registry.tms
    context = make_context()
    reader = LogReader(there)
    contexts.append(replace(context, reader=reader))
    return contexts[-1]


def test_a_connection_is_closed_with_1013_if_the_log_is_unavailable(log, without_database, make_client, run):
    log(5)
    without_database.hub.position = 5

    async def scenario(since):
        one = make_client(since=since, on=without_database)
        await one.wire.until(lambda: one.wire.codes)
        return one.wire.sent, one.wire.codes

    log(0, stream_length=2)
    assert run(scenario(0)) == ([], [1013])


def test_events_in_redis_are_replayed_while_the_database_is_down(log, event, without_database, make_client, run):
    log(5)
    without_database.hub.position = 5

    async def scenario():
        one = make_client(since=2, on=without_database)
        await one.wire.until(lambda: len(one.wire.sent) == 3)
        without_database.hub.publish([Envelope.of(event(position=6))])
        return one.wire.sent

    assert event_ids(run(scenario())) == [3, 4, 5, 6]


def test_malformed_stream_entries_are_replaced_from_the_database(runtime, log, make_client, settled, run):
    log(5)
    runtime.redis.xadd(KEY, {"hello": "world"}, id="5-1")

    async def scenario():
        one = make_client(since=2)
        await one.wire.until(lambda: len(one.wire.sent) == 3)
        return one.wire.sent

    assert event_ids(run(scenario())) == [3, 4, 5]


def test_a_log_that_goes_back_during_a_replay_leads_to_a_reset(log, make_client, run):
    log(5)

    async def scenario():
        one = make_client(since=2)
        # The replay is reading now.
        await asyncio.sleep(0)
        one.context.hub.reset(1)
        await one.wire.until(lambda: one.wire.sent)
        assert one.wire.sent == [{"type": "reset", "event_id": 1}]

    run(scenario())
