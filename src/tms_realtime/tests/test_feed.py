"""Redis goes and comes back."""

import subprocess
from contextlib import contextmanager

import pytest
import redis

from tms_core.embedded.programs import valkey_program
from tms_core.permissions import Actor
from tms_core.relay.positions import number_events
from tms_core.services.tasks import TaskService
from tms_realtime.log.stream import KEY, StreamWriter


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
            number_events(connection)

    return create


def test_clients_stay_while_redis_is_away_and_get_what_they_missed(
    runtime, valkey, start_realtime, listen, commit, publish, event
):
    url, running = valkey
    commit("before the process began")
    with running():
        realtime = start_realtime(**{"tms.redis_url": url})
        listener = listen(to=realtime)
    realtime.log.wait_for("redis is away, looking into the database")
    commit("one")
    commit("two")

    assert [listener.message()["title"] for _ in range(2)] == ["one", "two"]
    with running():
        realtime.log.wait_for("redis is back")
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
