"""The relay process: leader election, wake-up messages and polling."""

from threading import Condition, Thread
from threading import enumerate as enumerate_threads
from time import monotonic

import psycopg2
import pytest

from tms_core.app import configure
from tms_core.event_log import positions
from tms_core.event_log.events import WAKE_UP_CHANNEL
from tms_core.event_log.leadership import LOCK, is_led
from tms_core.event_log.sinks import EventSink
from tms_core.relay import delivery, hints, relay, sink_transaction
from tms_core.relay.relay import Relay
from tms_core.services.tasks import TaskService

PATIENCE = 60
NEVER = "60"


class Journal:
    """The events that the sinks of a test received, and the number of leader elections."""

    def __init__(self):
        self.positions = []
        self.leads = 0
        self._changed = Condition()

    def led(self) -> None:
        with self._changed:
            self.leads += 1
            self._changed.notify_all()

    def note(self, positions) -> None:
        with self._changed:
            self.positions += positions
            self._changed.notify_all()

    def await_lead(self, count: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self.leads >= count, PATIENCE)

    def await_positions(self, count: int) -> list[int]:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.positions) >= count, PATIENCE)
            return list(self.positions)


class Recorder(EventSink):
    journal = Journal()

    def __init__(self, runtime):
        super().__init__(runtime)
        self.journal.led()

    def deliver(self, session, events):
        self.journal.note(event.position for event in events)


def includeme(config):
    """Make this module a package of the system, with a sink."""
    config.add_event_sink("recorder", f"{__name__}:Recorder")


@pytest.fixture(scope="module")
def packages():
    return (__name__,)


@pytest.fixture(scope="module")
def settings():
    # No polling by default, only wake-up messages.
    return {"tms.relay.interval": NEVER}


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch):
    for module, name in ((relay, "STANDBY_INTERVAL"), (relay, "RECONNECT_SECONDS"), (delivery, "FIRST_PAUSE")):
        monkeypatch.setattr(module, name, 0.01)
    monkeypatch.setattr(hints, "RECONNECT_PAUSE", 0.01)


@pytest.fixture
def journal(monkeypatch):
    journal = Journal()
    monkeypatch.setattr(Recorder, "journal", journal)
    return journal


@pytest.fixture
def start(runtime, journal):
    """Start relays, which stop with the test."""
    running = []

    def run(runtime=runtime) -> Relay:
        process = Relay(runtime)
        thread = Thread(target=process.run, daemon=True)
        running.append((process, thread))
        thread.start()
        return process

    yield run
    for process, _ in running:
        process.stop()
    for _, thread in running:
        thread.join(PATIENCE)
        assert not thread.is_alive()
    assert not [thread for thread in enumerate_threads() if thread.name.startswith("sink-")]


@pytest.fixture
def another_runtime(ini, runtime):
    """Create the runtime of a process with other settings."""
    opened = []

    def make(**settings: str):
        changed = {"tms." + name.replace("__", "."): value for name, value in settings.items()}
        opened.append(configure({**ini, **changed}, web=False).registry.tms)
        return opened[-1]

    yield make
    for one in opened:
        one.close()


@pytest.fixture
def write(runtime, make_user):
    """Create tasks, each with an event in its own transaction."""
    actor = make_user().actor

    def tasks(count: int = 1) -> None:
        for _ in range(count):
            with runtime.transaction() as session:
                TaskService(session, actor, "team").create({"title": "T"})

    return tasks


def await_hints(runtime) -> None:
    """Wait until a relay listens for wake-up messages."""
    until = monotonic() + PATIENCE
    while not runtime.redis.pubsub_numsub(WAKE_UP_CHANNEL)[0][1]:
        assert monotonic() < until


def test_a_wake_up_after_the_commit_starts_delivery(runtime, start, journal, write):
    start()
    journal.await_lead(1)
    await_hints(runtime)

    write(3)

    assert journal.await_positions(3) == [1, 2, 3]


def test_events_written_without_a_relay_are_delivered_at_its_start(runtime, relay_once, start, journal, write):
    relay_once()
    write(2)

    start()

    assert journal.await_positions(2) == [1, 2]


def test_several_batches_are_delivered_without_a_pause(runtime, relay_once, start, journal, write, monkeypatch):
    for module in (sink_transaction, positions, relay):
        monkeypatch.setattr(module, "BATCH", 2)
    relay_once()
    write(5)

    start()

    assert journal.await_positions(5) == [1, 2, 3, 4, 5]


def test_the_relay_polls_without_redis(start, another_runtime, journal, write):
    lonely = another_runtime(redis_url="redis://127.0.0.1:1/0", relay__interval="0.01")
    start(lonely)
    journal.await_lead(1)

    write(3)

    assert journal.await_positions(3) == [1, 2, 3]


def test_wake_ups_resume_after_a_lost_redis_connection(runtime, start, journal, write):
    start()
    journal.await_lead(1)
    await_hints(runtime)

    runtime.redis.client_kill_filter(_type="pubsub")
    await_hints(runtime)
    write()

    assert journal.await_positions(1) == [1]


def test_another_takes_over_when_the_leader_stops(runtime, start, journal, write):
    leader = start()
    journal.await_lead(1)
    await_hints(runtime)
    start()
    write(2)
    assert journal.await_positions(2) == [1, 2]
    assert journal.leads == 1

    leader.stop()
    journal.await_lead(2)
    write(2)

    assert journal.await_positions(4) == [1, 2, 3, 4]


def test_another_takes_over_when_the_leader_loses_its_connection(runtime, start, journal, write):
    start()
    journal.await_lead(1)
    start()

    cut_leader(runtime)
    # The first relay has not noticed yet: the new leader is the second.
    journal.await_lead(2)
    write(2)

    assert journal.await_positions(2) == [1, 2]


def test_a_single_relay_leads_again_after_losing_its_connection(runtime, start, journal, write):
    start()
    journal.await_lead(1)
    await_hints(runtime)
    write()
    journal.await_positions(1)

    cut_leader(runtime)
    write(2)

    assert journal.await_positions(3) == [1, 2, 3]


def test_no_relay_leads_when_none_runs(runtime, start, journal):
    with runtime.engine.connect() as connection:
        assert not is_led(connection)

        start()
        journal.await_lead(1)

        assert is_led(connection)


def cut_leader(runtime) -> None:
    """Terminate the leader's connection on the server, as in a network failure."""
    with psycopg2.connect(runtime.core.database) as outsider, outsider.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_locks WHERE locktype = 'advisory' AND granted"
            " AND ((classid::bigint << 32) | objid::bigint) = %s"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            (LOCK,),
        )
        assert cursor.fetchall() == [(True,)]
    outsider.close()
