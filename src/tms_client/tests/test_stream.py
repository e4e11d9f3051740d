"""Events of a real TMS, over whatever befalls the connection."""

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
    """Every test begins with a realtime server."""


@pytest.fixture
def client(connect, register):
    client = connect(**register(), retry=PROMPT)
    all_is_told(client)
    return client


def all_is_told(client):
    """What has happened so far is no news any more: the task's history waits for that."""
    task = client.tasks.create(title="No news")
    assert len(list(client.tasks.history(task["id"]))) == 1


class Ear:
    """Goes through a stream in a thread of its own, so that a test can say how long it has patience."""

    def __init__(self, stream):
        self._stream = stream
        self._heard = queue.Queue()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self):
        try:
            for item in self._stream:
                self._heard.put(item)
        except Exception as error:  # noqa: BLE001 - handed on
            self._heard.put(error)
        self._heard.put(StopIteration())

    def recv(self):
        return self._heard.get(timeout=PATIENCE)

    def titles(self, count):
        return [self.recv()["title"] for _ in range(count)]


def test_a_task_through_its_life(client):
    with client.events() as events:
        ear = Ear(events)
        task = client.tasks.create(title="Paint the shed")
        client.tasks.update(task["id"], status="COMPLETED")
        client.tasks.delete(task["id"])

        created, updated, deleted = (ear.recv() for _ in range(3))

    assert [event["event"] for event in (created, updated, deleted)] == ["created", "updated", "deleted"]
    assert created["task_id"] == task["id"]
    assert updated["changes"] == ["status"]
    assert events.last_event_id == deleted["event_id"]


def test_everything_after_the_call_comes_however_late_one_listens(client):
    client.tasks.create(title="before")
    all_is_told(client)
    events = client.events()
    for title in ("one", "two"):
        client.tasks.create(title=title)

    with events:
        assert Ear(events).titles(2) == ["one", "two"]


def test_another_stream_goes_on_where_the_first_was(client):
    with client.events() as events:
        ear = Ear(events)
        client.tasks.create(title="one")
        first = ear.recv()
    client.tasks.create(title="two")

    with client.events(since=first["event_id"]) as events:
        assert Ear(events).titles(1) == ["two"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_what_happens_while_the_server_is_away_is_neither_lost_nor_repeated(client, realtime, number):
    with client.events(filter={"created_by": "me"}) as events:
        ear = Ear(events)
        client.tasks.create(title="before")
        assert ear.titles(1) == ["before"]

        realtime.end(number)
        for count in range(3):
            client.tasks.create(title=f"away {count}")
        realtime.start()
        client.tasks.create(title="after")

        assert ear.titles(4) == ["away 0", "away 1", "away 2", "after"]


def test_when_the_login_is_ended_the_stream_signs_in_anew(client, connect, register, caplog):
    account = register()
    with connect(**account, retry=PROMPT).events() as events, caplog.at_level("INFO", "tms_client"):
        ear = Ear(events)
        client.tasks.create(title="before")
        ear.recv()

        connect(**account).request("POST", "/api/token/revoke-all")
        titles = []
        while "closed with 4401" not in caplog.text and len(titles) < 2000:
            titles.append(client.tasks.create(title=f"{len(titles)}")["title"])
        client.tasks.create(title="after")

        assert "closed with 4401" in caplog.text
        assert ear.titles(len(titles) + 1) == [*titles, "after"]


def test_a_filter_holds_for_what_was_missed_too(client, realtime):
    with client.events(filter={"created_by": "me", "priority": ["HIGH", "URGENT"]}) as events:
        ear = Ear(events)
        client.tasks.create(title="no")
        client.tasks.create(title="one", priority="HIGH")
        assert ear.titles(1) == ["one"]

        realtime.end()
        client.tasks.create(title="no")
        client.tasks.create(title="two", priority="URGENT")
        realtime.start()
        client.tasks.create(title="no")
        client.tasks.create(title="three", priority="HIGH")

        assert ear.titles(2) == ["two", "three"]


def test_subscriptions_hold_on_every_connection(client, realtime):
    with client.events(filter={"created_by": "me", "status": "ARCHIVED"}) as events:
        events.subscribe({"created_by": "me", "priority": "HIGH"}, "high")
        events.subscribe({"created_by": "me", "priority": "LOW"}, "low")
        ear = Ear(events)
        high = client.tasks.create(title="high", priority="HIGH")
        assert ear.recv()["subscriptions"] == {"high": "enter"}

        realtime.end()
        client.tasks.create(title="no")
        client.tasks.update(high["id"], priority="LOW")
        client.tasks.create(title="archived", status="ARCHIVED")
        realtime.start()
        client.tasks.create(title="no")
        client.tasks.delete(high["id"])

        changed, archived, deleted = (ear.recv() for _ in range(3))

    assert changed["subscriptions"] == {"high": "leave", "low": "enter"}
    assert (archived["title"], archived["match"]) == ("archived", "enter")
    assert deleted["subscriptions"] == {"low": "leave"}


def test_a_subscription_can_be_replaced_and_taken_back(client):
    with client.events() as events:
        ear = Ear(events)
        client.tasks.create(title="all")
        assert "match" not in ear.recv()

        events.subscribe({"created_by": "me", "priority": "HIGH"}, "mine")
        events.subscribe({"created_by": "me", "priority": "LOW"}, "mine")
        assert until(ear, client, lambda event: event.get("subscriptions") == {"mine": "enter"}, priority="LOW")
        events.unsubscribe("mine")

        assert until(ear, client, lambda event: "match" not in event, priority="LOW")


def until(ear, client, is_it, **fields):
    """Makes tasks until an event is as it should be: nothing tells a program when the server has heard it."""
    for _ in range(1000):
        client.tasks.create(title="again", **fields)
        if is_it(ear.recv()):
            return True
    return False


def test_too_many_subscriptions_for_one_go_are_made_in_several(client):
    with client.events() as events:
        for number in range(24):
            events.subscribe({"created_by": "me", "due_date": f"2027-01-{number + 1:02}"}, f"{number}")
        ear = Ear(events)
        client.tasks.create(title="last", due_date="2027-01-24")

        assert ear.recv()["subscriptions"] == {"23": "enter"}


def test_who_looks_at_a_task_is_told(client, connect, register):
    other = connect(**register())
    task = client.tasks.create(title="Looked at")
    mine_id, other_id = client.users.me()["id"], other.users.me()["id"]
    with client.events(filter=NOTHING) as mine, other.events(filter=NOTHING) as theirs:
        mine.presence(task["id"])
        ear = Ear(mine)
        alone = ear.recv()
        theirs.presence(task["id"])
        other_ear = Ear(theirs)

        assert alone == {"type": "presence", "task": task["id"], "users": []}
        assert other_ear.recv()["users"] == [mine_id]
        assert ear.recv()["users"] == [other_id]
        theirs.presence(None)
        assert ear.recv()["users"] == []


def test_one_looks_at_the_task_on_the_next_connection_too(client, connect, register, realtime):
    other = connect(**register(), retry=PROMPT)
    task = client.tasks.create(title="Looked at")
    with client.events(filter=NOTHING) as mine, other.events(filter=NOTHING) as theirs:
        mine.presence(task["id"])
        theirs.presence(task["id"])
        ear, _other_ear = Ear(mine), Ear(theirs)
        while not ear.recv()["users"]:
            pass

        realtime.end()
        realtime.start()

        while not ear.recv()["users"]:
            pass


def test_a_task_that_cannot_be_looked_at_ends_nothing(client):
    with client.events() as events:
        events.presence(10**9)
        ear = Ear(events)

        assert ear.recv() == {"type": "error", "message": f"there is no task {10**9}"}
        client.tasks.create(title="on it goes")
        assert ear.titles(1) == ["on it goes"]


def test_a_past_that_is_none_is_a_reset(client):
    with client.events(since=10**9) as events:
        ear = Ear(events)

        reset = ear.recv()
        client.tasks.create(title="after")

        assert reset == {"type": "reset", "event_id": reset["event_id"]}
        assert ear.recv()["event_id"] == reset["event_id"] + 1


def test_a_reset_is_told_to_whoever_wants_to_know(client):
    resets = queue.Queue()
    with client.events(since=10**9, on_reset=resets.put) as events:
        ear = Ear(events)
        position = resets.get(timeout=PATIENCE)
        client.tasks.create(title="after")

        assert ear.recv()["event_id"] == position + 1
    assert resets.empty()


def test_closing_ends_a_stream_that_waits(client):
    events = client.events()
    ear = Ear(events)
    client.tasks.create(title="one")
    ear.recv()

    events.close()
    events.close()

    assert isinstance(ear.recv(), StopIteration)
    with pytest.raises(StopIteration):
        next(events)
    with pytest.raises(StreamClosedError):
        events.subscribe({})


def test_a_client_that_closes_ends_its_streams(client):
    ear = Ear(client.events())
    client.tasks.create(title="one")
    ear.recv()

    client.close()

    assert isinstance(ear.recv(), StopIteration)


def test_a_filter_that_is_none_is_refused(client):
    with client.events(filter={"status": "DONE"}) as events, pytest.raises(InvalidError, match="must be one of"):
        next(events)


def test_a_subscription_that_is_none_is_refused(client):
    with client.events() as events:
        events.subscribe({"status": "DONE"}, "done")
        with pytest.raises(RefusedMessageError, match="must be one of"):
            next(events)


def test_a_filter_beyond_all_measure_is_not_even_sent(client):
    with client.events() as events, pytest.raises(ValueError, match="too long"):
        events.subscribe({"assigned_to": list(range(1, 20_000))})


def test_a_personal_token_listens_where_it_may_read(client, connect):
    def token(*scopes):
        made = client.request("POST", "/api/api-tokens", json={"name": "script", "scopes": scopes})
        return connect(token=made["token"], realtime_url=address)

    address = client.request("POST", "/api/ws-ticket")["url"]
    with token("tasks:read").events() as events:
        client.tasks.create(title="one")
        assert Ear(events).titles(1) == ["one"]
    with token("users:read").events(since=0) as events, pytest.raises(ForbiddenError, match="lacks the scope"):
        next(events)
