"""Resuming over sockets."""

import orjson
import pytest
from websockets.exceptions import InvalidStatus

from tms_local.embedded.ports import free_port
from tms_realtime.event_log.stream import KEY

MANY = 2000
MAX_LENGTH = 3000


@pytest.fixture(scope="module")
def settings():
    return {
        "tms.realtime.anonymous": "true",
        "tms.realtime.replay": str(MAX_LENGTH),
        "tms.realtime.backlog": "131072",
        "tms.realtime.status_port": str(free_port()),
    }


@pytest.fixture
def log(publish, event):
    """Adds `count` events to the log."""
    return lambda count, **fields: publish(*(event(**fields) for _ in range(count)))


@pytest.fixture
def sent(log, listen):
    """Adds `count` events to the log, and waits until the process has published them."""

    def add(count: int):
        listener = listen()
        published = log(count)
        assert ids(listener, count) == positions(published)
        listener.connection.close()
        return published

    return add


def ids(listener, count) -> list[int]:
    return [listener.message()["event_id"] for _ in range(count)]


def positions(events) -> list[int]:
    return [one.position for one in events]


@pytest.mark.parametrize("path", ["?since={}", "?status=IN_PROGRESS&since={}"])
def test_missed_events_come_before_live_ones(path, log, listen):
    published = log(5)

    listener = listen(path=path.format(published[1].position))

    assert ids(listener, 3) == positions(published[2:])
    assert listener.receives_nothing()
    later = log(2)
    assert ids(listener, 2) == positions(later)


def test_a_client_resumes_on_an_open_connection(log, listen):
    listener = listen()
    published = log(3)
    assert ids(listener, 3) == positions(published)

    listener.connection.send(orjson.dumps({"type": "resume", "since": published[0].position}).decode())

    assert ids(listener, 2) == positions(published[1:])
    later = log(1)
    assert ids(listener, 1) == positions(later)
    assert listener.receives_nothing()


def test_events_lost_by_redis_are_replayed_from_the_database(runtime, sent, listen):
    published = sent(700)
    runtime.redis.delete(KEY)

    listener = listen(path=f"?since={published[0].position}")

    assert ids(listener, 699) == positions(published[1:])
    assert listener.receives_nothing()


def test_nothing_is_replayed_since_the_newest_event(log, sent, listen):
    published = sent(2)

    listener = listen(path=f"?since={published[-1].position}")

    assert listener.receives_nothing()
    later = log(1)
    assert ids(listener, 1) == positions(later)


def test_a_position_of_another_database_leads_to_a_reset(log, listen):
    (newest,) = log(1)

    listener = listen(path=f"?since={newest.position + 1_000_000}")

    assert listener.message() == {"type": "reset", "event_id": newest.position}
    later = log(1)
    assert ids(listener, 1) == positions(later)


def test_a_client_that_missed_too_much_gets_a_reset(sent, listen):
    published = sent(MAX_LENGTH + 1)

    listener = listen(path=f"?since={published[0].position - 1}")

    assert listener.message() == {"type": "reset", "event_id": published[-1].position}
    assert listener.receives_nothing()


def test_the_filter_in_the_url_applies_to_replayed_and_live_events(make_user, log, listen):
    user = make_user()
    start = log(1)[0].position
    log(1, status="COMPLETED", assigned_to=user.id)
    log(1, status="PENDING")
    stays = log(1, status="PENDING", assigned_to=user.id, changes={"title": ["a", "b"]})
    leaves = log(1, status="COMPLETED", assigned_to=user.id, changes={"status": ["PENDING", "COMPLETED"]})

    listener = listen(user.access, path=f"?since={start}&status=PENDING,IN_PROGRESS&assigned_to=me")

    assert [(message["event_id"], message["match"]) for message in (listener.message(), listener.message())] == [
        (stays[0].position, "stay"),
        (leaves[0].position, "leave"),
    ]
    log(1, status="PENDING")
    enters = log(1, status="PENDING", assigned_to=user.id, changes={"assigned_to": [None, user.id]})
    assert (listener.message()["event_id"], listener.receives_nothing()) == (enters[0].position, True)


def test_events_during_a_replay_are_neither_lost_nor_repeated(log, listen):
    published = log(MANY)

    listeners = [listen(path=f"?since={published[number * 100].position}") for number in range(4)]
    published += [event for _ in range(MANY // 100) for event in log(100)]

    for number, listener in enumerate(listeners):
        expected = positions(published[number * 100 + 1 :])
        assert ids(listener, len(expected)) == expected
        assert listener.receives_nothing()


def test_a_slow_reader_gets_its_whole_replay(realtime, log):
    # Much more than the backlog limit and than the kernel's buffers.
    with realtime.awaiting_events(1500):
        published = log(1500, description="x" * 10_000)

    with (
        realtime.open(f"?since={published[0].position - 1}", receive_buffer=4096) as connection,
        connection.makefile("rb") as stream,
    ):
        # Until the process waits for the client.
        realtime.await_metric("tms_realtime_backlog_bytes", bool)
        received = []
        for _ in published:
            assert stream.read(2) == b"\x81\x7e"
            received.append(orjson.loads(stream.read(int.from_bytes(stream.read(2), "big")))["event_id"])

    assert received == positions(published)


@pytest.mark.parametrize(
    ("path", "message_part"),
    [
        ("?since=x", "since"),
        ("?since=-1", "since"),
        ("?since=", "since"),
        ("?since=1&since=2", "since must stand once"),
        ("?ticket=a&ticket=b", "ticket must stand once"),
        ("?status=DONE", "status"),
        ("?status=", "status"),
        ("?stat=PENDING", "stat"),
        ("?assigned_to=me", "assigned_to"),
        ("?" + "&".join(["since=1"] * 101), ""),
    ],
)
def test_invalid_parameters_are_rejected_in_http(path, message_part, listen):
    with pytest.raises(InvalidStatus) as refused:
        listen(path=path)

    response = refused.value.response
    assert response.status_code == 400
    assert response.headers["Content-Type"] == "application/problem+json"
    assert message_part in orjson.loads(response.body)["detail"]
