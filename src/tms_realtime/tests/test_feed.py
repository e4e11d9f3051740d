"""Redis goes and comes back."""

import subprocess
from contextlib import contextmanager

import pytest
import redis

from tms_core.app import configure
from tms_core.embedded.programs import valkey_program
from tms_core.permissions import Actor
from tms_core.relay.positions import number_events
from tms_core.services.tasks import TaskService
from tms_realtime.envelope import CHANNEL
from tms_realtime.sink import RealtimeSink


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
    runtime, ini, valkey, start_realtime, listen, commit, event
):
    url, running = valkey
    commit("before the process began")
    with running():
        realtime = start_realtime(**{"tms.redis_url": url})
        listener = listen(to=realtime)
    realtime.log.wait_for("redis is away, clients stay connected")
    commit("one")
    commit("two")

    with running():
        realtime.log.wait_for("redis is back")

        assert [listener.message()["title"] for _ in range(2)] == ["one", "two"]
        there = configure(ini | {"tms.redis_url": url}, web=False).registry.tms
        RealtimeSink(there).deliver(None, [event(position=3), event(position=4)])
        assert listener.message()["event_id"] == 4
        assert listener.hears_nothing()


def test_a_cut_connection_to_redis_is_made_again(runtime, start_realtime, listen, commit, publish, event):
    realtime = start_realtime()
    listener = listen(to=realtime)

    commit("nobody publishes it")
    runtime.redis.client_kill_filter(_type="pubsub")

    assert listener.message()["title"] == "nobody publishes it"
    publish(event(position=2, title="by redis again"))
    assert listener.message()["title"] == "by redis again"


def test_what_is_not_ours_on_the_channel_is_passed_over(runtime, realtime, listen, publish, event):
    listener = listen()

    runtime.redis.publish(CHANNEL, b"hello")
    publish(told := event())

    assert listener.message()["event_id"] == told.position
    realtime.log.wait_for("somebody else publishes")


def test_the_sink_raises_while_redis_is_away(ini, valkey, event):
    url, _running = valkey
    there = configure(ini | {"tms.redis_url": url}, web=False).registry.tms

    with pytest.raises(redis.RedisError):
        RealtimeSink(there).deliver(None, [event()])
