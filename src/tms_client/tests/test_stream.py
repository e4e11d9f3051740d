"""Events of a real TMS, across lost connections."""

import queue
import signal
import threading

import pytest

from tms_client import ForbiddenError, InvalidError, RefusedMessageError, RetryPolicy, StreamClosedError
from tms_local.embedded.ports import free_port

PATIENCE = 60.0
# Tasks that nobody makes here.
NOTHING = {"due_date": "1999-12-31"}
PROMPT = RetryPolicy(min_backoff=0.01, max_backoff=0.1)


@pytest.fixture(scope="module")
def packages():
    return ("tms_api", "tms_realtime")


@pytest.fixture(scope="module")
def settings():
    return {
        "tms.api_workers": "1",
        "tms.realtime.port": str(free_port()),
        "tms.realtime.status_port": "0",
        "tms.realtime.messages": "20",
    }


@pytest.fixture(autouse=True)
def _up(realtime):
    """Starts the module's realtime server."""


@pytest.fixture
def client(connect, register):
    client = connect(**register(), retry=PROMPT)
    await_delivery(client)
    return client


def await_delivery(client):
    """Wait until the events so far are delivered, as reading a history does."""
    task = client.tasks.create(title="First")
    assert len(list(client.tasks.history(task["id"]))) == 1


class RecordingReader:
    """Iterates over a stream in a thread, so that a test can wait for items with a timeout."""

    def __init__(self, stream):
        self._stream = stream
        self._items = queue.Queue()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self):
        try:
            for item in self._stream:
                self._items.put(item)
        except Exception as error:  # noqa: BLE001 - handed on
            self._items.put(error)
        self._items.put(StopIteration())

    def recv(self):
        return self._items.get(timeout=PATIENCE)

    def titles(self, count):
        return [self.recv()["title"] for _ in range(count)]


def test_the_events_of_a_task_are_yielded_in_order(client):
    with client.events() as events:
        reader = RecordingReader(events)
        task = client.tasks.create(title="Paint the shed")
        client.tasks.update(task["id"], status="COMPLETED")
        client.tasks.delete(task["id"])

        created, updated, deleted = (reader.recv() for _ in range(3))

    assert [event["event"] for event in (created, updated, deleted)] == ["created", "updated", "deleted"]
    assert created["task_id"] == task["id"]
    assert updated["changes"] == ["status"]
    assert events.last_event_id == deleted["event_id"]


def test_events_after_the_call_are_yielded_however_late_the_iteration_begins(client):
    client.tasks.create(title="before")
    await_delivery(client)
    events = client.events()
    for title in ("one", "two"):
        client.tasks.create(title=title)

    with events:
        assert RecordingReader(events).titles(2) == ["one", "two"]


def test_another_stream_resumes_where_the_first_ended(client):
    with client.events() as events:
        reader = RecordingReader(events)
        client.tasks.create(title="one")
        first = reader.recv()
    client.tasks.create(title="two")

    with client.events(since=first["event_id"]) as events:
        assert RecordingReader(events).titles(1) == ["two"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_events_during_an_outage_are_neither_lost_nor_repeated(client, realtime, number):
    with client.events(filter={"created_by": "me"}) as events:
        reader = RecordingReader(events)
        client.tasks.create(title="before")
        assert reader.titles(1) == ["before"]

        realtime.end(number)
        for count in range(3):
            client.tasks.create(title=f"away {count}")
        realtime.start()
        client.tasks.create(title="after")

        assert reader.titles(4) == ["away 0", "away 1", "away 2", "after"]


def test_a_stream_signs_in_again_after_its_session_ended(client, connect, register, caplog):
    account = register()
    with connect(**account, retry=PROMPT).events() as events, caplog.at_level("INFO", "tms_client"):
        reader = RecordingReader(events)
        client.tasks.create(title="before")
        reader.recv()

        connect(**account).request("POST", "/api/token/revoke-all")
        titles = []
        while "closed with 4401" not in caplog.text and len(titles) < 2000:
            titles.append(client.tasks.create(title=f"{len(titles)}")["title"])
        client.tasks.create(title="after")

        assert "closed with 4401" in caplog.text
        assert reader.titles(len(titles) + 1) == [*titles, "after"]


def test_a_filter_applies_to_replayed_events(client, realtime):
    with client.events(filter={"created_by": "me", "priority": ["HIGH", "URGENT"]}) as events:
        reader = RecordingReader(events)
        client.tasks.create(title="no")
        client.tasks.create(title="one", priority="HIGH")
        assert reader.titles(1) == ["one"]

        realtime.end()
        client.tasks.create(title="no")
        client.tasks.create(title="two", priority="URGENT")
        realtime.start()
        client.tasks.create(title="no")
        client.tasks.create(title="three", priority="HIGH")

        assert reader.titles(2) == ["two", "three"]


def test_subscriptions_are_sent_again_on_every_connection(client, realtime):
    with client.events(filter={"created_by": "me", "status": "ARCHIVED"}) as events:
        events.subscribe({"created_by": "me", "priority": "HIGH"}, "high")
        events.subscribe({"created_by": "me", "priority": "LOW"}, "low")
        reader = RecordingReader(events)
        high = client.tasks.create(title="high", priority="HIGH")
        assert reader.recv()["subscriptions"] == {"high": "enter"}

        realtime.end()
        client.tasks.create(title="no")
        client.tasks.update(high["id"], priority="LOW")
        client.tasks.create(title="archived", status="ARCHIVED")
        realtime.start()
        client.tasks.create(title="no")
        client.tasks.delete(high["id"])

        changed, archived, deleted = (reader.recv() for _ in range(3))

    assert changed["subscriptions"] == {"high": "leave", "low": "enter"}
    assert (archived["title"], archived["match"]) == ("archived", "enter")
    assert deleted["subscriptions"] == {"low": "leave"}


def test_a_subscription_can_be_replaced_and_removed(client):
    with client.events() as events:
        reader = RecordingReader(events)
        client.tasks.create(title="all")
        assert "match" not in reader.recv()

        events.subscribe({"created_by": "me", "priority": "HIGH"}, "mine")
        events.subscribe({"created_by": "me", "priority": "LOW"}, "mine")
        assert until(reader, client, lambda event: event.get("subscriptions") == {"mine": "enter"}, priority="LOW")
        events.unsubscribe("mine")

        assert until(reader, client, lambda event: "match" not in event, priority="LOW")


def until(reader, client, is_it, **fields):
    """Create tasks until an event matches, since subscriptions are not acknowledged to the program."""
    for _ in range(1000):
        client.tasks.create(title="again", **fields)
        if is_it(reader.recv()):
            return True
    return False


def test_many_subscriptions_are_sent_in_bursts(client):
    with client.events() as events:
        for number in range(24):
            events.subscribe({"created_by": "me", "due_date": f"2027-01-{number + 1:02}"}, f"{number}")
        reader = RecordingReader(events)
        client.tasks.create(title="last", due_date="2027-01-24")

        assert reader.recv()["subscriptions"] == {"23": "enter"}


def test_presence_yields_the_viewers_of_a_task(client, connect, register):
    other = connect(**register())
    task = client.tasks.create(title="Looked at")
    mine_id, other_id = client.users.me()["id"], other.users.me()["id"]
    with client.events(filter=NOTHING) as mine, other.events(filter=NOTHING) as theirs:
        mine.presence(task["id"])
        reader = RecordingReader(mine)
        alone = reader.recv()
        theirs.presence(task["id"])
        other_ear = RecordingReader(theirs)

        assert alone == {"type": "presence", "task": task["id"], "users": []}
        assert other_ear.recv()["users"] == [mine_id]
        assert reader.recv()["users"] == [other_id]
        theirs.presence(None)
        assert reader.recv()["users"] == []


def test_presence_is_sent_again_on_the_next_connection(client, connect, register, realtime):
    other = connect(**register(), retry=PROMPT)
    task = client.tasks.create(title="Looked at")
    with client.events(filter=NOTHING) as mine, other.events(filter=NOTHING) as theirs:
        mine.presence(task["id"])
        theirs.presence(task["id"])
        reader, _other_ear = RecordingReader(mine), RecordingReader(theirs)
        while not reader.recv()["users"]:
            pass

        realtime.end()
        realtime.start()

        while not reader.recv()["users"]:
            pass


def test_presence_on_an_invisible_task_does_not_end_the_stream(client):
    with client.events() as events:
        events.presence(10**9)
        reader = RecordingReader(events)

        assert reader.recv() == {"type": "error", "message": f"there is no task {10**9}"}
        client.tasks.create(title="on it goes")
        assert reader.titles(1) == ["on it goes"]


def test_an_unknown_position_is_a_reset(client):
    with client.events(since=10**9) as events:
        reader = RecordingReader(events)

        reset = reader.recv()
        client.tasks.create(title="after")

        assert reset == {"type": "reset", "event_id": reset["event_id"]}
        assert reader.recv()["event_id"] == reset["event_id"] + 1


def test_a_reset_is_yielded_or_passed_to_on_reset(client):
    resets = queue.Queue()
    with client.events(since=10**9, on_reset=resets.put) as events:
        reader = RecordingReader(events)
        position = resets.get(timeout=PATIENCE)
        client.tasks.create(title="after")

        assert reader.recv()["event_id"] == position + 1
    assert resets.empty()


def test_close_ends_a_waiting_stream(client):
    events = client.events()
    reader = RecordingReader(events)
    client.tasks.create(title="one")
    reader.recv()

    events.close()
    events.close()

    assert isinstance(reader.recv(), StopIteration)
    with pytest.raises(StopIteration):
        next(events)
    with pytest.raises(StreamClosedError):
        events.subscribe({})


def test_a_client_that_closes_ends_its_streams(client):
    reader = RecordingReader(client.events())
    client.tasks.create(title="one")
    reader.recv()

    client.close()

    assert isinstance(reader.recv(), StopIteration)


def test_an_invalid_filter_is_rejected(client):
    with client.events(filter={"status": "DONE"}) as events, pytest.raises(InvalidError, match="must be one of"):
        next(events)


def test_an_invalid_subscription_is_rejected(client):
    with client.events() as events:
        events.subscribe({"status": "DONE"}, "done")
        with pytest.raises(RefusedMessageError, match="must be one of"):
            next(events)


def test_a_filter_that_is_too_long_is_a_value_error(client):
    with client.events() as events, pytest.raises(ValueError, match="too long"):
        events.subscribe({"assigned_to": list(range(1, 20_000))})


def test_a_personal_token_with_a_read_scope_opens_a_stream(client, connect):
    def token(*scopes):
        made = client.request("POST", "/api/api-tokens", json={"name": "script", "scopes": scopes})
        return connect(token=made["token"], realtime_url=address)

    address = client.request("POST", "/api/ws-ticket")["url"]
    with token("tasks:read").events() as events:
        client.tasks.create(title="one")
        assert RecordingReader(events).titles(1) == ["one"]
    with token("users:read").events(since=0) as events, pytest.raises(ForbiddenError, match="lacks the scope"):
        next(events)
