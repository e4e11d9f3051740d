"""Sinks: each has its own cursor, advanced in the transaction of the batch."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier, Condition, Event

import psycopg2
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from tms_core.event_log.events import read_events
from tms_core.event_log.positions import assign_positions
from tms_core.event_log.sinks import EventSink
from tms_core.models import RelayCursor
from tms_core.relay import delivery
from tms_core.relay import sink_transaction as sink_transactions
from tms_core.relay.cursor import ensure_cursor
from tms_core.relay.delivery import Delivery
from tms_core.relay.recent_events import RecentEvents
from tms_core.relay.sink_transaction import deliver_batch, sink_transaction
from tms_core.services.tasks import TaskService

PATIENCE = 60.0
TERMINATE = text(
    "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
    " WHERE datname = current_database() AND state = 'idle in transaction'"
)


class Recorder(EventSink):
    """Records the delivered positions in memory and in the table `seen`; fails the first `faults` times."""

    def __init__(self, runtime, faults: int = 0):
        super().__init__(runtime)
        self.positions = []
        self.committed = []
        self.faults = faults
        self._changed = Condition()

    def deliver(self, session, events):
        with self._changed:
            self.positions += [event.position for event in events]
            self._changed.notify_all()
        session.execute(text("INSERT INTO seen VALUES (:position)"), [{"position": e.position} for e in events])
        if self.faults:
            self.faults -= 1
            raise RuntimeError("a sink that fails")
        return [event.position for event in events]

    def after_commit(self, result):
        self.committed += result

    def await_positions(self, count: int) -> list[int]:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.positions) >= count, PATIENCE)
            return list(self.positions)


class Lazy(Recorder):
    """Its cursor is written at the end, or when it fails."""

    cursor_interval = 10 * PATIENCE


class Gathering(Recorder):
    batch_window = 10 * PATIENCE


class FailingAtTwo(Lazy):
    """Fails at a batch that begins with the second event."""

    def deliver(self, session, events):
        result = super().deliver(session, events)
        if result[0] == 2:
            raise RuntimeError("a sink that fails")
        return result


class Keeping(EventSink):
    """Keeps the events."""

    def __init__(self, runtime):
        super().__init__(runtime)
        self.events = []

    def deliver(self, session, events):
        self.events += events


class Stuck(Recorder):
    """Blocks in a batch until released."""

    def __init__(self, runtime):
        super().__init__(runtime)
        self.entered, self.let_go = Event(), Event()

    def deliver(self, session, events):
        self.entered.set()
        assert self.let_go.wait(PATIENCE)
        return super().deliver(session, events)


class Cut(Recorder):
    """Loses its connection during the first batch."""

    def deliver(self, session, events):
        if not self.positions:
            with closing(psycopg2.connect(self.runtime.core.database)) as outsider, outsider.cursor() as cursor:
                pid = session.scalar(text("SELECT pg_backend_pid()"))
                cursor.execute("SELECT pg_terminate_backend(%s, 10000)", (pid,))
        return super().deliver(session, events)


class Grumbling(Recorder):
    def after_commit(self, result):
        raise RuntimeError("after the commit")


@pytest.fixture(scope="module")
def packages():
    return ()


@pytest.fixture(autouse=True)
def _seen(runtime):
    with runtime.transaction() as session:
        session.execute(text("CREATE TABLE seen (position bigint)"))
    yield
    with runtime.transaction() as session:
        session.execute(text("DROP TABLE seen"))


@pytest.fixture
def seen(runtime):
    """Return the positions that sinks have committed."""

    def read() -> list[int]:
        with runtime.transaction() as session:
            return list(session.scalars(text("SELECT position FROM seen ORDER BY position")))

    return read


@pytest.fixture
def cursor(runtime):
    """Return the cursor position of a sink."""

    def read(name: str) -> int:
        with runtime.transaction() as session:
            return session.scalar(select(RelayCursor.position).where(RelayCursor.sink == name))

    return read


@pytest.fixture
def commit_events(runtime, make_user):
    """Commit events, without positions."""
    actor = make_user().actor

    def commit(*counts: int) -> None:
        """Commit a transaction for each number of events."""
        for count in counts:
            with runtime.transaction() as session:
                for _ in range(count):
                    TaskService(session, actor, "team").create({"title": "T"})

    return commit


@pytest.fixture
def add_events(runtime, commit_events):
    """Add events with positions."""

    def add(*counts: int) -> None:
        commit_events(*counts)
        with runtime.engine.connect() as connection:
            assign_positions(connection)

    return add


@pytest.fixture
def register(runtime):
    """Create the cursors of sinks."""

    def add(*names: str) -> None:
        with runtime.transaction() as session:
            for name in names:
                ensure_cursor(session, name)

    return add


@pytest.fixture
def recent():
    return RecentEvents()


@pytest.fixture
def run(runtime, recent):
    """Run the deliveries of sinks in threads until the end of the test."""
    running = []

    def start(**sinks: EventSink) -> list[Delivery]:
        started = [Delivery(runtime, name, sink, recent) for name, sink in sinks.items()]
        running.extend(started)
        for one in started:
            one.start()
        return started

    yield start
    for one in running:
        one.stop()
    for one in running:
        one.join(PATIENCE)
        assert not one.is_alive()


def test_a_batch_is_delivered_once_and_advances_the_cursor(runtime, register, add_events, cursor, seen):
    register("one")
    add_events(3)
    sink = Recorder(runtime)

    assert deliver_batch(runtime, "one", sink) == 3
    assert deliver_batch(runtime, "one", sink) == 0

    assert sink.positions == sink.committed == seen() == [1, 2, 3]
    assert cursor("one") == 3


def test_a_failing_sink_is_rolled_back_and_receives_the_batch_again(runtime, register, add_events, cursor, seen):
    register("one")
    add_events(2)
    sink = Recorder(runtime, faults=1)

    with pytest.raises(RuntimeError):
        deliver_batch(runtime, "one", sink)
    assert (cursor("one"), seen(), sink.committed) == (0, [], [])

    deliver_batch(runtime, "one", sink)
    assert (cursor("one"), seen(), sink.committed) == (2, [1, 2], [1, 2])


def test_a_failure_after_the_commit_is_harmless(runtime, register, add_events, cursor, seen, caplog):
    register("one")
    add_events(1)

    assert deliver_batch(runtime, "one", Grumbling(runtime)) == 1

    assert (cursor("one"), seen()) == (1, [1])
    assert "the sink one failed after its batch was committed" in caplog.text


def test_a_new_sink_starts_at_the_end_of_the_log(runtime, register, add_events):
    register("old")
    add_events(2)
    register("old", "new")
    add_events(1)
    old, new = Recorder(runtime), Recorder(runtime)

    deliver_batch(runtime, "old", old)
    deliver_batch(runtime, "new", new)

    assert old.positions == [1, 2, 3]
    assert new.positions == [3]


def test_two_relays_on_one_sink_deliver_nothing_twice(runtime, register, add_events, seen):
    register("one")
    add_events(5)
    start, sink = Barrier(2), Recorder(runtime)

    def deliver(_) -> int:
        start.wait(PATIENCE)
        return deliver_batch(runtime, "one", sink)

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(deliver, range(2))) == [0, 5]

    assert sink.positions == seen() == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("transactions", "batches"),
    [
        ((1, 4), [1, 4]),
        ((3, 2, 1), [3, 3]),
        ((4, 1), [4, 1]),
        ((2, 2, 2), [4, 2]),
        # Larger than a batch.
        ((9,), [4, 4, 1]),
        ((1, 9, 1), [1, 4, 4, 2]),
        ((1,) * 6, [4, 2]),
    ],
)
def test_the_events_of_a_transaction_are_in_one_batch(
    runtime, register, add_events, monkeypatch, transactions, batches
):
    monkeypatch.setattr(sink_transactions, "BATCH", 4)
    register("one")
    add_events(*transactions)
    sink = Keeping(runtime)

    delivered = []
    while count := deliver_batch(runtime, "one", sink):
        delivered.append(count)

    assert delivered == batches
    assert [event.position for event in sink.events] == list(range(1, sum(transactions) + 1))


class TestThreads:
    @pytest.fixture(autouse=True)
    def _short_pauses(self, monkeypatch):
        monkeypatch.setattr(delivery, "FIRST_PAUSE", 0.001)
        # No interval ends within a test, and no thread looks for events by itself.
        for name in ("MAX_CURSOR_INTERVAL", "MAX_IDLE"):
            monkeypatch.setattr(delivery, name, 10 * PATIENCE)

    def test_a_batch_that_is_not_full_is_followed_by_the_next(
        self, runtime, register, add_events, run, monkeypatch, recent
    ):
        monkeypatch.setattr(sink_transactions, "BATCH", 4)
        register("one", "lazy")
        add_events(1, 4, 1)

        sinks = Recorder(runtime), Lazy(runtime)
        run(one=sinks[0], lazy=sinks[1])

        # Nobody wakes the threads.
        for sink in sinks:
            assert sink.await_positions(6) == [1, 2, 3, 4, 5, 6]

    def test_a_failing_sink_is_retried_until_success(self, runtime, register, add_events, run, cursor, seen):
        register("one")
        add_events(1)
        sink = Recorder(runtime, faults=4)

        (thread,) = run(one=sink)

        assert sink.await_positions(5) == [1] * 5
        thread.stop()
        thread.join(PATIENCE)
        assert (cursor("one"), seen()) == (1, [1])

    def test_a_failing_sink_delays_no_other(self, runtime, register, add_events, run, cursor):
        register("bad", "good")
        bad, good = Recorder(runtime, faults=10**9), Recorder(runtime)
        threads = run(bad=bad, good=good)

        add_events(3)
        for thread in threads:
            thread.wake()

        assert good.await_positions(3) == [1, 2, 3]
        assert cursor("bad") == 0

    def test_a_hanging_sink_delays_no_other(self, runtime, register, add_events, run):
        register("stuck", "good")
        stuck, good = Stuck(runtime), Recorder(runtime)
        add_events(1)
        threads = run(stuck=stuck, good=good)
        assert stuck.entered.wait(PATIENCE)

        add_events(2)
        for thread in threads:
            thread.wake()

        assert good.await_positions(3) == [1, 2, 3]
        assert stuck.positions == []
        stuck.let_go.set()
        assert stuck.await_positions(3) == [1, 2, 3]

    def test_a_lost_connection_is_retried_like_other_failures(self, runtime, register, add_events, run, seen, caplog):
        register("one")
        sink = Cut(runtime)
        (thread,) = run(one=sink)
        add_events(2)
        thread.wake()

        # Events of the failed batch were delivered again.
        assert set(sink.await_positions(3)) == {1, 2}
        assert "the sink one failed, attempt 1" in caplog.text
        thread.stop()
        thread.join(PATIENCE)
        assert seen() == [1, 2]

    def test_events_after_a_pause_need_not_wait_for_the_batch_window(self, runtime, register, add_events, run):
        register("one")
        sink = Gathering(runtime)
        (thread,) = run(one=sink)

        add_events(1)
        thread.wake()
        assert sink.await_positions(1) == [1]
        for _ in range(3):
            add_events(1)
            thread.wake()
        thread.stop()
        thread.join(PATIENCE)

        assert sink.positions == [1]

    def test_batches_of_an_interval_share_a_transaction(self, runtime, register, add_events, run, cursor, recent):
        register("one")
        sink = Lazy(runtime)
        add_events(1)
        (thread,) = run(one=sink)
        sink.await_positions(1)

        add_events(2)
        thread.wake()
        assert sink.await_positions(3) == [1, 2, 3]
        # The interval does not end within the test.
        assert (cursor("one"), sink.committed) == (0, [])
        thread.stop()
        thread.join(PATIENCE)

        assert (cursor("one"), sink.committed) == (3, [1, 2, 3])

    def test_a_failure_repeats_all_batches_of_the_transaction(self, runtime, register, add_events, run, cursor, seen):
        register("one")
        sink = FailingAtTwo(runtime)
        add_events(1)
        (thread,) = run(one=sink)
        sink.await_positions(1)

        add_events(1)
        thread.wake()

        assert sink.await_positions(4) == [1, 2, 1, 2]
        thread.stop()
        thread.join(PATIENCE)
        assert (cursor("one"), seen(), sink.committed) == (2, [1, 2], [1, 2])


class TestSharedEvents:
    def test_sinks_receive_the_numbered_events_without_reading_them(self, runtime, register, commit_events, recent):
        register("one", "two")
        commit_events(3)
        with runtime.engine.connect() as connection:
            events = assign_positions(connection)
        recent.add(events)

        for name in ("one", "two"):
            sink = Keeping(runtime)
            with sink_transaction(runtime, name, sink, recent) as transaction:
                assert [transaction.deliver_next() for _ in range(2)] == [3, 0]
            assert all(given is event for given, event in zip(sink.events, events, strict=True))

    def test_numbered_events_equal_those_in_the_table(self, runtime, commit_events):
        commit_events(3)
        with runtime.engine.connect() as connection:
            events = assign_positions(connection)

        with runtime.transaction() as session:
            assert events == read_events(session, after=0, limit=10)

    def test_a_lagging_sink_reads_the_table_and_catches_up(self, runtime, register, commit_events, recent, monkeypatch):
        monkeypatch.setattr(sink_transactions, "BATCH", 2)
        register("late")
        with runtime.engine.connect() as connection:
            for _ in range(2):
                commit_events(1, 1, 1)
                newest = assign_positions(connection)
        recent.add(newest)

        sink = Keeping(runtime)
        with sink_transaction(runtime, "late", sink, recent) as transaction:
            assert [transaction.deliver_next() for _ in range(5)] == [2, 2, 2, 0, 0]

        assert [event.position for event in sink.events] == [1, 2, 3, 4, 5, 6]


def test_a_relay_that_lost_leadership_delivers_nothing_behind_the_next(runtime, register, add_events, recent, seen):
    register("one")
    add_events(2)
    former, latter = Recorder(runtime), Recorder(runtime)
    with ThreadPoolExecutor(1) as threads:
        with sink_transaction(runtime, "one", former, recent) as transaction:
            transaction.deliver_next()
            deliveries = threads.submit(deliver_batch, runtime, "one", latter)
            await_lock_wait(runtime)
            add_events(1)
            # The next relay leads already, and waits for the cursor of this one.
            assert transaction.deliver_next() == 1
            assert latter.positions == []
        assert deliveries.result(PATIENCE) == 0

    assert (former.positions, latter.positions, seen()) == ([1, 2, 3], [], [1, 2, 3])


def test_a_transaction_of_a_former_leader_fails_if_its_connection_was_lost(runtime, register, add_events, recent, seen):
    register("one")
    add_events(2)
    former, latter = Recorder(runtime), Recorder(runtime)

    def lose_connection() -> None:
        with sink_transaction(runtime, "one", former, recent) as transaction:
            transaction.deliver_next()
            with runtime.engine.connect() as outsider:
                outsider.execute(TERMINATE)
            assert deliver_batch(runtime, "one", latter) == 2

    with pytest.raises(OperationalError):
        lose_connection()

    assert (latter.positions, seen(), former.committed) == ([1, 2], [1, 2], [])


def await_lock_wait(runtime) -> None:
    """Wait until a transaction waits for a lock of another one."""
    deadline = time.monotonic() + PATIENCE
    with runtime.engine.connect() as connection:
        while not connection.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
            assert time.monotonic() < deadline
