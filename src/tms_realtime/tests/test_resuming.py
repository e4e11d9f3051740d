"""Going on where one was, over sockets."""

import orjson
import pytest
from websockets.exceptions import InvalidStatus

from tms_core.embedded.ports import free_port
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
    """Brings so many events into the log."""
    return lambda count, **fields: publish(*(event(**fields) for _ in range(count)))


@pytest.fixture
def sent(log, listen):
    """The same, and waits until the process has sent them to whoever is there."""

    def bring(count: int):
        listener = listen()
        told = log(count)
        assert ids(listener, count) == positions(told)
        listener.connection.close()
        return told

    return bring


def ids(listener, count) -> list[int]:
    return [listener.message()["event_id"] for _ in range(count)]


def positions(events) -> list[int]:
    return [one.position for one in events]


@pytest.mark.parametrize("path", ["?since={}", "?status=IN_PROGRESS&since={}"])
def test_what_one_missed_comes_first_and_then_what_happens(path, log, listen):
    told = log(5)

    listener = listen(path=path.format(told[1].position))

    assert ids(listener, 3) == positions(told[2:])
    assert listener.hears_nothing()
    later = log(2)
    assert ids(listener, 2) == positions(later)


def test_one_resumes_on_an_open_connection(log, listen):
    listener = listen()
    told = log(3)
    assert ids(listener, 3) == positions(told)

    listener.connection.send(orjson.dumps({"type": "resume", "since": told[0].position}).decode())

    assert ids(listener, 2) == positions(told[1:])
    later = log(1)
    assert ids(listener, 1) == positions(later)
    assert listener.hears_nothing()


def test_what_redis_has_lost_comes_from_the_database(runtime, sent, listen):
    told = sent(700)
    runtime.redis.delete(KEY)

    listener = listen(path=f"?since={told[0].position}")

    assert ids(listener, 699) == positions(told[1:])
    assert listener.hears_nothing()


def test_since_the_newest_event_nothing_comes_but_what_is_new(log, sent, listen):
    told = sent(2)

    listener = listen(path=f"?since={told[-1].position}")

    assert listener.hears_nothing()
    later = log(1)
    assert ids(listener, 1) == positions(later)


def test_a_position_of_another_database_is_answered_by_a_reset(log, listen):
    (newest,) = log(1)

    listener = listen(path=f"?since={newest.position + 1_000_000}")

    assert listener.message() == {"type": "reset", "event_id": newest.position}
    later = log(1)
    assert ids(listener, 1) == positions(later)


def test_who_has_missed_too_much_is_told_to_read_anew(sent, listen):
    told = sent(MAX_LENGTH + 1)

    listener = listen(path=f"?since={told[0].position - 1}")

    assert listener.message() == {"type": "reset", "event_id": told[-1].position}
    assert listener.hears_nothing()


def test_the_filter_of_the_address_holds_for_the_past_and_the_present(make_user, log, listen):
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
    assert (listener.message()["event_id"], listener.hears_nothing()) == (enters[0].position, True)


def test_events_that_happen_while_one_catches_up_are_neither_lost_nor_repeated(log, listen):
    told = log(MANY)

    listeners = [listen(path=f"?since={told[number * 100].position}") for number in range(4)]
    told += [event for _ in range(MANY // 100) for event in log(100)]

    for number, listener in enumerate(listeners):
        expected = positions(told[number * 100 + 1 :])
        assert ids(listener, len(expected)) == expected
        assert listener.hears_nothing()


def test_one_that_reads_its_past_slowly_gets_all_of_it(realtime, log):
    # Much more than it may be behind, and than the kernel's buffers hold.
    with realtime.awaiting_events(1500):
        told = log(1500, description="x" * 10_000)

    with (
        realtime.open(f"?since={told[0].position - 1}", receive_buffer=4096) as connection,
        connection.makefile("rb") as stream,
    ):
        # Until the process waits for it.
        realtime.await_metric("tms_realtime_backlog_bytes", bool)
        heard = []
        for _ in told:
            assert stream.read(2) == b"\x81\x7e"
            heard.append(orjson.loads(stream.read(int.from_bytes(stream.read(2), "big")))["event_id"])

    assert heard == positions(told)


@pytest.mark.parametrize(
    ("path", "word"),
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
def test_a_bad_wish_is_refused_in_http(path, word, listen):
    with pytest.raises(InvalidStatus) as refused:
        listen(path=path)

    response = refused.value.response
    assert response.status_code == 400
    assert response.headers["Content-Type"] == "application/problem+json"
    assert word in orjson.loads(response.body)["detail"]
