import asyncio
import socket

import pytest
from twisted.internet.protocol import Protocol
from twisted.internet.testing import MemoryReactor

from tms_realtime.wire.transport import PromptTransport

MUCH = b"a" * 20_000_000


@pytest.fixture
def pair():
    """A transport on a real socket, whose reactor does nothing by itself, and its peer."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        peer = socket.create_connection(server.getsockname())
        accepted, address = server.accept()
    accepted.setblocking(False)
    with peer, accepted:
        yield PromptTransport(accepted, Protocol(), address, None, 0, MemoryReactor()), peer


def take(peer: socket.socket) -> bytes:
    """What the peer's kernel has now."""
    try:
        return peer.recv(len(MUCH), socket.MSG_DONTWAIT)
    except BlockingIOError:
        return b""


def test_what_the_socket_takes_is_sent_at_once(pair):
    transport, peer = pair

    transport.write(b"hello")

    assert transport.pending == 0
    assert peer.recv(100) == b"hello"


def test_nothing_overtakes_what_is_still_pending(pair):
    transport, peer = pair

    transport.write(MUCH)
    assert 0 < transport.pending < len(MUCH)
    # Now the socket would take more, but it is not its turn.
    came = bytearray(take(peer))
    transport.write(b"the end")
    while transport.pending:
        transport.doWrite()
        came += take(peer)
    came += take(peer)

    assert came == MUCH + b"the end"


def test_a_peer_that_has_gone_is_the_reactors_to_tell(pair):
    transport, peer = pair
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    peer.close()

    transport.write(b"hello")

    assert transport.pending == len(b"hello")
    assert isinstance(transport.doWrite(), Exception)


def test_small_messages_are_not_held_back_by_the_kernel(pair):
    transport, _peer = pair

    assert transport.getTcpNoDelay()


def test_where_there_is_room_nobody_waits(pair):
    transport, _peer = pair

    asyncio.run(transport.drained(limit=0, seconds=60))


def test_one_waits_until_the_peer_has_taken_enough(pair):
    transport, peer = pair
    limit = 65_536

    async def scenario():
        transport.write(MUCH)
        waiting = asyncio.create_task(transport.drained(limit=limit, seconds=60))
        while not waiting.done():
            assert transport.pending > limit
            take(peer)
            transport.doWrite()
            # The task's turn, and that of what it waits for.
            for _ in range(5):
                await asyncio.sleep(0)
                if transport.pending <= limit:
                    await waiting
        assert 0 <= transport.pending <= limit

    asyncio.run(scenario())


def test_a_peer_that_takes_nothing_for_so_long_is_not_waited_for(pair):
    transport, _peer = pair

    async def scenario():
        transport.write(MUCH)
        with pytest.raises(TimeoutError):
            await transport.drained(limit=65_536, seconds=0.01)
        # The next one who waits is told likewise.
        with pytest.raises(TimeoutError):
            await transport.drained(limit=65_536, seconds=0.01)

    asyncio.run(scenario())


def test_one_who_waits_in_the_place_of_another_is_told(pair):
    transport, peer = pair

    async def scenario():
        transport.write(MUCH)
        first = asyncio.create_task(transport.drained(limit=0, seconds=60))
        await asyncio.sleep(0)
        # The second one's turn comes before the first one's end.
        second = asyncio.create_task(transport.drained(limit=0, seconds=5))
        first.cancel()
        while transport.pending:
            take(peer)
            transport.doWrite()
            await asyncio.sleep(0)
        await second
        assert first.cancelled()

    asyncio.run(scenario())
