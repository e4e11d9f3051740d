"""Limits on connections and on messages."""

import socket
import struct
import time
from collections import Counter
from contextlib import ExitStack, suppress
from fractions import Fraction

import orjson
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from websockets.exceptions import InvalidStatus

from tms_core.services.personal_tokens import PersonalTokenService
from tms_local.embedded.ports import free_port
from tms_realtime.clients.connection_limits import ConnectionLimits
from tms_realtime.clients.rate_limit import TokenBucket
from tms_realtime.wire.router import MAX_REFUSED

OF_ALL, OF_USER, MESSAGES = 12, 4, 10
UNKNOWN = 3
PATIENCE = 60
CLOSE = 8
CLOSED = 'tms_realtime_closed_total{code="1008"}'


@pytest.fixture(scope="module")
def settings():
    return {
        "tms.realtime.anonymous": "true",
        "tms.realtime.connections": str(OF_ALL),
        "tms.realtime.connections_per_user": str(OF_USER),
        "tms.realtime.messages": str(MESSAGES),
        "tms.unknown_tokens_per_minute": str(UNKNOWN),
        "tms.realtime.status_port": str(free_port()),
        # Nothing here ends because it takes long.
        "tms.realtime.handshake_seconds": "60",
    }


def rejected(listen, *args, **kwargs):
    with pytest.raises(InvalidStatus) as refused:
        listen(*args, **kwargs)
    return refused.value.response


@pytest.fixture
def fill(listen, stream):
    """Connects clients until the process is full, allowing for connections that are still being closed."""

    def run() -> list:
        clients = []
        while len(clients) < OF_ALL:
            clients.append(connect_when_possible(listen) if len(clients) % 2 else stream())
            if len(clients) % 2 and clients[-1].status != 200:
                clients.pop().close()
        return clients

    return run


def connect_when_possible(listen, *args):
    began = time.monotonic()
    while True:
        try:
            return listen(*args)
        except InvalidStatus:
            assert time.monotonic() - began < PATIENCE


def test_a_full_process_rejects_both_protocols_until_a_client_disconnects(fill, listen, stream):
    clients = fill()

    answer = rejected(listen)
    source = stream()

    assert (answer.status_code, source.status) == (503, 503)
    assert int(answer.headers["Retry-After"]) > 0
    assert int(source.headers["Retry-After"]) > 0
    assert orjson.loads(answer.body)["detail"] == orjson.loads(source.rest())["detail"]
    clients[0].close()
    clients[1].connection.close()
    for _ in range(2):
        connect_when_possible(listen)
    assert rejected(listen).status_code == 503


def is_ended(connection):
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


@pytest.mark.parametrize("data", [b"", b"GET", b"GET /ws/tasks/ HTTP/1.1\r\nHost: localhost\r\n"])
def test_connections_without_a_whole_request_are_replaced_oldest_first(data, realtime, listen):
    with ExitStack() as stack:
        silent = [stack.enter_context(realtime.connect(data)) for _ in range(OF_ALL)]

        clients = [connect_when_possible(listen) for _ in range(OF_ALL // 2)]

        assert all(is_ended(connection) for connection in silent[: OF_ALL // 2])
        assert all(client.receives_nothing() for client in clients)
        silent[-1].setblocking(False)
        with pytest.raises(BlockingIOError):
            silent[-1].recv(1)


def test_connections_that_wait_for_a_503_are_limited_and_the_oldest_aborted(realtime, fill, listen):
    clients = fill()

    with ExitStack() as stack:
        waiting = [stack.enter_context(realtime.connect(b"")) for _ in range(MAX_REFUSED + 5)]

        assert all(is_ended(connection) for connection in waiting[:5])
        assert rejected(listen).status_code == 503
        assert clients[1].receives_nothing()


HEAD = b"GET /ws/tasks/ HTTP/1.1\r\nHost: localhost\r\n"
EVENTS = b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n"
NONSENSE = b"Authorization: Bearer nonsense\r\n"
UPGRADE = (
    b"Upgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
BYE = b"\x88\x80\0\0\0\0"
WAYS = [
    b"", b"GET /ws", b"GET / HTTP/1.1\r\n\r\n", b"nonsense\r\n\r\n",
    HEAD, HEAD + UPGRADE, HEAD + UPGRADE + BYE, HEAD + NONSENSE + UPGRADE, HEAD + b"\r\n",
    EVENTS, EVENTS + b"\r\n", EVENTS + NONSENSE + b"\r\n",
]  # fmt: skip


CUT = struct.pack("ii", 1, 0)
CONNECTIONS = st.lists(
    st.tuples(
        st.sampled_from(WAYS),
        st.booleans(),
        st.sampled_from(["closes", "is cut", "closes after an answer", "is cut after an answer"]),
    ),
    min_size=1,
    max_size=OF_ALL,
)


def end(connection, how):
    if "answer" in how:
        with suppress(OSError):
            connection.recv(1)
    if "cut" in how:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, CUT)
    connection.close()


@given(connections=CONNECTIONS)
@hypothesis_settings(max_examples=15)
def test_a_connection_is_released_once_however_it_ends(connections, realtime, make_user, fill, listen):
    user = make_user()
    bearer = b"Authorization: Bearer %s\r\n" % user.access.encode()
    for data, is_signed_in, how in connections:
        line, separator, rest = data.partition(b"\r\n")
        is_answered = data.endswith((b"\r\n\r\n", BYE))
        connection = realtime.connect(line + separator + bearer + rest if separator and is_signed_in else data)
        end(connection, how if is_answered else how.partition(" after")[0])

    of_user = [connect_when_possible(listen, user.access) for _ in range(OF_USER)]
    # 503 while the process still closes the connections of before.
    while (status := rejected(listen, user.access).status_code) == 503:
        pass
    assert status == 429
    for client in of_user:
        client.connection.close()
    clients = fill()
    assert rejected(listen).status_code == 503
    for client in clients:
        getattr(client, "connection", client).close()


def test_connections_per_user_are_limited_over_both_protocols(listen, stream, make_user):
    user, other = make_user(), make_user()
    clients = [stream(user.access) for _ in range(OF_USER // 2)]
    clients += [listen(user.access) for _ in range(OF_USER // 2)]

    answer = rejected(listen, user.access)
    source = stream(user.access)

    assert (answer.status_code, source.status) == (429, 429)
    assert int(answer.headers["Retry-After"]) > 0
    assert orjson.loads(answer.body)["detail"] == orjson.loads(source.rest())["detail"]
    assert listen(other.access).receives_nothing()
    assert listen().receives_nothing()
    clients[0].close()
    clients[-1].connection.close()
    for _ in range(2):
        connect_when_possible(listen, user.access)
    assert rejected(listen, user.access).status_code == 429


@pytest.mark.parametrize("head", [HEAD + UPGRADE, EVENTS + b"\r\n"], ids=["websocket", "event stream"])
def test_a_connection_of_a_user_is_released_if_it_ends_during_authentication(
    head, runtime, realtime, listen, stream, make_user
):
    user = make_user()
    with runtime.transaction() as session:
        # A personal token is read from the database, which takes a while.
        _row, token = PersonalTokenService(session, user.id, ["tasks:read"]).create("script", ["tasks:read"], None)
    line, _, rest = head.partition(b"\r\n")
    for _ in range(20):
        connection = realtime.connect(b"%s\r\nAuthorization: Bearer %s\r\n%s" % (line, token.encode(), rest))
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    clients = [connect_when_possible(listen, token) for _ in range(OF_USER)]

    assert rejected(listen, user.access).status_code == 429
    assert all(client.receives_nothing() for client in clients)


def test_unknown_personal_tokens_are_limited_on_both_wires(listen, stream):
    # A minute may end meanwhile.
    answers = [rejected(listen, f"tms_unknown{number}") for number in range(2 * UNKNOWN + 1)]
    source = stream("tms_another")

    assert [answer.status_code for answer in answers[:UNKNOWN]] == [401] * UNKNOWN
    assert (answers[-1].status_code, source.status) == (429, 429)
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert int(source.headers["Retry-After"]) > 0


def frame(text: bytes, opcode: int = 1) -> bytes:
    return bytes((0x80 | opcode, 0x80 | len(text))) + b"\0\0\0\0" + text


@pytest.mark.parametrize("data", [frame(b'{"type":"ping"}'), frame(b"nonsense"), frame(b"", opcode=9)])
def test_a_client_above_the_rate_limit_is_closed_with_1008_and_ignored(data, realtime):
    closed = realtime.metric(CLOSED)
    with realtime.open() as connection, connection.makefile("rb") as stream:
        connection.sendall(data * 50)
        answers = []
        while (head := stream.read(2))[0] & 0x0F != CLOSE:
            answers.append(stream.read(head[1]))
        reason = stream.read(head[1])
        connection.sendall(frame(reason, opcode=CLOSE))
        with suppress(ConnectionResetError):
            assert stream.read() == b""

    assert reason[:2] == struct.pack("!H", 1008)
    assert MESSAGES <= len(answers) < 50
    assert realtime.metric(CLOSED) == closed + 1


@given(pauses=st.lists(st.sampled_from([0, 0, 0, 0.01, 0.05, 0.1, 0.5, 3]), max_size=60), rate=st.integers(1, 20))
def test_a_token_bucket_limits_burst_and_rate(pauses, rate):
    now = [100.0]
    bucket = TokenBucket(rate, clock=lambda: now[0])
    left = Fraction(rate)

    for pause in pauses:
        now[0] += pause
        left = min(Fraction(rate), left + Fraction(pause).limit_denominator(1000) * rate)
        is_clear = abs(left - 1) > Fraction(1, 10**6)
        is_allowed = bucket.use()
        assert is_allowed == (left >= 1) or not is_clear
        left -= is_allowed


def test_a_token_bucket_of_rate_0_has_no_limit():
    bucket = TokenBucket(0)

    assert all(bucket.use() for _ in range(10_000))


USERS = st.sampled_from([None, 1, 2])
STEPS = st.one_of(
    st.just(("connect", 0, None)),
    st.tuples(st.just("authenticate"), st.integers(0, 5), USERS),
    st.tuples(st.just("release"), st.integers(0, 5), st.none()),
)


@given(steps=st.lists(STEPS, max_size=60))
def test_leases_count_once_until_they_are_released(steps):
    max_total, max_per_user = 4, 2
    limits = ConnectionLimits(max_total, max_per_user)
    # Released leases stay: a protocol may release twice, and authenticate a client that has disconnected.
    leases: list = []
    held: dict = {}
    for step, number, user in steps:
        lease = leases[-1 - number % len(leases)] if leases else None
        of_users = Counter(held.values())
        if step == "connect":
            acquired = limits.acquire()
            assert (acquired is not None) == (len(held) < max_total)
            if acquired:
                leases.append(acquired)
                held[acquired] = None
        elif step == "release" and lease:
            lease.release()
            held.pop(lease, None)
        elif user is not None and lease and lease.user_id is None:
            is_accepted = lease not in held or of_users[user] < max_per_user
            assert lease.acquire_for_user(user) == is_accepted
            if is_accepted and lease in held:
                held[lease] = user
        assert limits.in_use == len(held)
    for lease in leases:
        lease.release()
    assert limits.in_use == 0
    assert all(limits.acquire().acquire_for_user(user) for user in (1, 1, 2, 2))


def test_a_limit_of_0_accepts_all_connections():
    limits = ConnectionLimits(0, 0)

    assert all(limits.acquire().acquire_for_user(7) for _ in range(1000))
