"""The feed while Redis or the database is down."""

import asyncio
import subprocess
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import replace

import orjson
import pytest
import redis
from sqlalchemy import delete

from tms_core.app import configure
from tms_core.event_log.positions import assign_positions
from tms_core.models import TaskEvent
from tms_core.permissions import Actor
from tms_core.services.tasks import TaskService
from tms_local.embedded.ports import free_port
from tms_local.embedded.programs import valkey_program
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
    """The URL of a Valkey for one test, and a context manager that runs it."""
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
    """Commits a task and assigns the position of its event, without delivering it to sinks."""
    user = make_user()

    def create(title: str) -> None:
        with runtime.transaction() as session:
            TaskService(session, Actor(user.id), "team").create({"title": title})
        with runtime.engine.connect() as connection:
            assign_positions(connection)

    return create


def test_clients_stay_connected_while_redis_is_down_and_miss_nothing(
    runtime, valkey, start_realtime, listen, commit, publish, event
):
    url, running = valkey
    commit("before the process began")
    with running():
        realtime = start_realtime(**{"tms.redis_url": url, "tms.realtime.status_port": str(free_port())})
        listener = listen(to=realtime)
        assert realtime.ask("/api/ready")[0] == 200
    realtime.log.wait_for("redis is down, polling the database")
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
            published = publish(event(), event())

        assert [listener.message()["event_id"] for _ in published] == [one.position for one in published]
        assert listener.receives_nothing()


def test_the_connection_to_redis_is_restored(runtime, realtime, listen, commit, publish, event):
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
    assert listener.receives_nothing()


def test_foreign_entries_in_the_stream_are_skipped(runtime, realtime, listen, publish, event):
    listener = listen()
    (before,) = publish(event())
    assert listener.message()["event_id"] == before.position

    runtime.redis.xadd(KEY, {"hello": "world"}, id=f"{before.position}-1")
    realtime.log.wait_for("foreign data in")
    (after,) = publish(event())

    assert listener.message()["event_id"] == after.position


@asynccontextmanager
async def followed(context):
    """Runs the feed of the context."""
    task = asyncio.create_task(context.follower.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.fixture
def short_idle_time(monkeypatch):
    """Makes a feed query the database after a short idle time."""
    monkeypatch.setattr(feed, "IDLE_SECONDS", 0.05)


def titles(messages):
    return [message.get("title") or message["type"] for message in messages]


async def receives(one, *expected):
    await one.wire.until(lambda: len(one.wire.sent) >= len(expected))
    assert titles(one.wire.sent) == [*expected]


@pytest.mark.parametrize("is_ahead", [True, False])
def test_a_stream_of_another_database_is_not_published(
    is_ahead, runtime, run, make_context, make_client, publish, event
):
    (newest,) = publish.commit(event(title="before the process began"))
    first = newest.position + 1 if is_ahead else newest.position
    foreign = [Envelope.of(event(position=first + number, id=99, title="another's")) for number in range(3)]
    StreamWriter(runtime.redis, 100).append(foreign)

    async def scenario():
        context = make_context()
        one = make_client(on=context)
        async with followed(context):
            # Once the client is live, the feed has checked the stream.
            while not context.follower.is_following:
                await asyncio.sleep(0)
            assert runtime.redis.xlen(KEY) == 0
            publish(event(title="ours"))
            late = make_client(on=context, since=newest.position - 1)
            await receives(one, "ours")
            await receives(late, "before the process began", "ours")

    run(scenario())


def test_clients_are_reset_once_when_the_database_goes_back(
    short_idle_time, runtime, run, make_context, make_client, publish, event
):
    kept, *forgotten = publish(event(title="kept"), event(title="forgotten"), event(title="forgotten"))

    async def scenario():
        context = make_context()
        one = make_client(on=context)
        async with followed(context):
            while not context.follower.is_following:
                await asyncio.sleep(0)
            publish(event(title="forgotten after it was sent"))
            await receives(one, "forgotten after it was sent")
            with runtime.transaction() as session:
                session.execute(delete(TaskEvent).where(TaskEvent.position > kept.position))
            await receives(one, "forgotten after it was sent", "reset")
            # The stream has no events that the database has lost.
            while runtime.redis.exists(KEY):
                await asyncio.sleep(0)
            (published,) = publish(event(title="new"))
            await receives(one, "forgotten after it was sent", "reset", "new")
            assert one.wire.sent[1]["event_id"] == kept.position
            assert one.wire.sent[2]["event_id"] == published.position == forgotten[0].position
            late = make_client(on=context, since=kept.position - 1)
            await receives(late, "kept", "new")

    run(scenario())


def test_events_missing_in_redis_are_read_from_the_database_after_an_idle_time(
    short_idle_time, run, make_context, make_client, publish, event
):
    async def scenario():
        context = make_context()
        one = make_client(on=context)
        async with followed(context):
            publish(event(title="by redis"))
            await receives(one, "by redis")
            publish.commit(event(title="by nobody"))
            await receives(one, "by redis", "by nobody")

    run(scenario())


def test_events_come_from_redis_while_the_database_is_down(
    runtime, ini, run, make_context, contexts, make_client, publish, event
):
    there = configure(ini | {"tms.database_url": "postgresql://nobody@127.0.0.1:1/nothing"}, web=False).registry.tms

    async def scenario():
        context = make_context()
        reader = LogReader(there)
        feed = Feed(runtime.core.redis, context.hub, reader, context.presence)
        contexts.append(replace(context, reader=reader, follower=feed))
        one = make_client(on=contexts[-1])
        async with followed(contexts[-1]):
            publish(event(title="one"), event(title="two"))
            await receives(one, "one", "two")

    run(scenario())
