"""Redis goes and comes back."""

import asyncio
import subprocess
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import replace

import orjson
import pytest
import redis
from sqlalchemy import delete

from tms_core.app import configure
from tms_core.embedded.ports import free_port
from tms_core.embedded.programs import valkey_program
from tms_core.models import TaskEvent
from tms_core.permissions import Actor
from tms_core.relay.positions import assign_positions
from tms_core.services.tasks import TaskService
from tms_realtime import feed
from tms_realtime.event_log.envelope import Envelope
from tms_realtime.event_log.reader import LogReader
from tms_realtime.event_log.stream import KEY, StreamWriter
from tms_realtime.feed import Feed


@pytest.fixture(scope="module")
def settings():
    return {"tms.realtime.anonymous": "true"}


@pytest.fixture
def valkey(tmp_path):
    """The address of a Valkey of the test's own, and a block in which it runs."""
    address = tmp_path / "valkey.sock"
    argv = [valkey_program(), "--port", "0", "--unixsocket", str(address), "--save", "", "--dir", str(tmp_path)]

    @contextmanager
    def running():
        process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
        assert any("Ready to accept connections" in line for line in process.stdout)
        yield
        process.kill()
        process.communicate()

    return f"unix://{address}", running


@pytest.fixture
def commit(runtime, make_user):
    """Commits a task, whose event gets its position, but goes through no sink."""
    user = make_user()

    def create(title: str) -> None:
        with runtime.transaction() as session:
            TaskService(session, Actor(user.id), "team").create({"title": title})
        with runtime.engine.connect() as connection:
            assign_positions(connection)

    return create


def test_clients_stay_while_redis_is_away_and_get_what_they_missed(
    runtime, valkey, start_realtime, listen, commit, publish, event
):
    url, running = valkey
    commit("before the process began")
    with running():
        realtime = start_realtime(**{"tms.redis_url": url, "tms.realtime.status_port": str(free_port())})
        listener = listen(to=realtime)
        assert realtime.ask("/api/ready")[0] == 200
    realtime.log.wait_for("redis is away, looking into the database")
    code, _, body = realtime.ask("/api/ready")
    assert (code, orjson.loads(body)["status"]) == (200, "degraded")
    assert orjson.loads(body)["checks"] == {"database": "ok", "redis": "does not answer"}
    commit("one")
    commit("two")

    assert [listener.message()["title"] for _ in range(2)] == ["one", "two"]
    with running():
        realtime.log.wait_for("redis is back")
        assert orjson.loads(realtime.ask("/api/ready")[2])["status"] == "ok"
        with redis.Redis.from_url(url) as there:
            publish.stream = StreamWriter(there, 100)
            told = publish(event(), event())

        assert [listener.message()["event_id"] for _ in told] == [one.position for one in told]
        assert listener.hears_nothing()


def test_a_cut_connection_to_redis_is_made_again(runtime, realtime, listen, commit, publish, event):
    listener = listen()

    commit("nobody publishes it")
    for client in runtime.redis.client_list():
        if client["cmd"] == "xread":
            runtime.redis.client_kill_filter(_id=client["id"])

    assert listener.message()["title"] == "nobody publishes it"
    publish(event(title="by redis again"))
    assert listener.message()["title"] == "by redis again"


def test_events_that_redis_lost_come_from_the_database(listen, commit, publish, event):
    listener = listen()

    commit("lost")
    publish(event(title="not lost"))

    assert [listener.message()["title"] for _ in range(2)] == ["lost", "not lost"]
    assert listener.hears_nothing()


def test_what_is_not_ours_in_the_stream_is_passed_over(runtime, realtime, listen, publish, event):
    listener = listen()
    (before,) = publish(event())
    assert listener.message()["event_id"] == before.position

    runtime.redis.xadd(KEY, {"hello": "world"}, id=f"{before.position}-1")
    realtime.log.wait_for("somebody else writes to")
    (after,) = publish(event())

    assert listener.message()["event_id"] == after.position


@asynccontextmanager
async def followed(context):
    """The board's feed runs."""
    task = asyncio.create_task(context.follower.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.fixture
def quickly(monkeypatch):
    """A feed asks the database after little silence."""
    monkeypatch.setattr(feed, "SILENCE", 0.05)


def titles(messages):
    return [message.get("title") or message["type"] for message in messages]


async def hears(one, *expected):
    await one.wire.until(lambda: len(one.wire.sent) >= len(expected))
    assert titles(one.wire.sent) == [*expected]


@pytest.mark.parametrize("is_ahead", [True, False])
def test_a_stream_of_another_database_is_not_told_of(
    is_ahead, runtime, run, make_context, make_speaker, publish, event
):
    (newest,) = publish.commit(event(title="before the process began"))
    first = newest.position + 1 if is_ahead else newest.position
    foreign = [Envelope.of(event(position=first + number, id=99, title="another's")) for number in range(3)]
    StreamWriter(runtime.redis, 100).append(foreign)

    async def scenario():
        context = make_context()
        one = make_speaker(on=context)
        async with followed(context):
            # Once it listens, the stream is as it has left it.
            while not context.follower.is_following:
                await asyncio.sleep(0)
            assert runtime.redis.xlen(KEY) == 0
            publish(event(title="ours"))
            late = make_speaker(on=context, since=newest.position - 1)
            await hears(one, "ours")
            await hears(late, "before the process began", "ours")

    run(scenario())


def test_a_database_that_goes_back_is_told_once_and_followed_from_there(
    quickly, runtime, run, make_context, make_speaker, publish, event
):
    kept, *forgotten = publish(event(title="kept"), event(title="forgotten"), event(title="forgotten"))

    async def scenario():
        context = make_context()
        one = make_speaker(on=context)
        async with followed(context):
            while not context.follower.is_following:
                await asyncio.sleep(0)
            publish(event(title="forgotten after it was sent"))
            await hears(one, "forgotten after it was sent")
            with runtime.transaction() as session:
                session.execute(delete(TaskEvent).where(TaskEvent.position > kept.position))
            await hears(one, "forgotten after it was sent", "reset")
            # The stream is emptied of what is no more.
            while runtime.redis.exists(KEY):
                await asyncio.sleep(0)
            (told,) = publish(event(title="new"))
            await hears(one, "forgotten after it was sent", "reset", "new")
            assert one.wire.sent[1]["event_id"] == kept.position
            assert one.wire.sent[2]["event_id"] == told.position == forgotten[0].position
            late = make_speaker(on=context, since=kept.position - 1)
            await hears(late, "kept", "new")

    run(scenario())


def test_what_redis_never_had_comes_when_the_database_is_asked_after_a_silence(
    quickly, run, make_context, make_speaker, publish, event
):
    async def scenario():
        context = make_context()
        one = make_speaker(on=context)
        async with followed(context):
            publish(event(title="by redis"))
            await hears(one, "by redis")
            publish.commit(event(title="by nobody"))
            await hears(one, "by redis", "by nobody")

    run(scenario())


def test_while_the_database_is_away_events_come_by_redis(
    runtime, ini, run, make_context, contexts, make_speaker, publish, event
):
    there = configure(ini | {"tms.database_url": "postgresql://nobody@127.0.0.1:1/nothing"}, web=False).registry.tms

    async def scenario():
        context = make_context()
        reader = LogReader(there)
        feed = Feed(runtime.core.redis, context.hub, reader, context.presence)
        contexts.append(replace(context, reader=reader, follower=feed))
        one = make_speaker(on=contexts[-1])
        async with followed(contexts[-1]):
            publish(event(title="one"), event(title="two"))
            await hears(one, "one", "two")

    run(scenario())
