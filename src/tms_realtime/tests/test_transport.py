import asyncio
import socket

import pytest
from twisted.internet.protocol import Protocol
from twisted.internet.testing import MemoryReactor

from tms_realtime.wire.transport import PromptTransport

MUCH = b"a" * 20_000_000


@pytest.fixture
def pair():
    """A transport on a real socket with an idle reactor, and its peer."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        peer = socket.create_connection(server.getsockname())
        accepted, address = server.accept()
    accepted.setblocking(False)
    with peer, accepted:
        yield PromptTransport(accepted, Protocol(), address, None, 0, MemoryReactor()), peer


def read_available(peer: socket.socket) -> bytes:
    """Return the data in the peer's kernel buffer."""
    try:
        return peer.recv(len(MUCH), socket.MSG_DONTWAIT)
    except BlockingIOError:
        return b""


def test_data_is_written_to_the_socket_immediately(pair):
    transport, peer = pair

    transport.write(b"hello")

    assert transport.pending == 0
    assert peer.recv(100) == b"hello"


def test_pending_data_is_sent_first(pair):
    transport, peer = pair

    transport.write(MUCH)
    assert 0 < transport.pending < len(MUCH)
    # The socket would accept more now, but pending data goes first.
    received = bytearray(read_available(peer))
    transport.write(b"the end")
    while transport.pending:
        transport.doWrite()
        received += read_available(peer)
    received += read_available(peer)

    assert received == MUCH + b"the end"


def test_the_reactor_reports_a_disconnected_peer(pair):
    transport, peer = pair
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    peer.close()

    transport.write(b"hello")

    assert transport.pending == len(b"hello")
    assert isinstance(transport.doWrite(), Exception)


def test_nagles_algorithm_is_off(pair):
    transport, _peer = pair

    assert transport.getTcpNoDelay()


def test_drained_returns_at_once_if_there_is_room(pair):
    transport, _peer = pair

    asyncio.run(transport.drained(limit=0, seconds=60))


def test_drained_waits_until_the_peer_has_read_enough(pair):
    transport, peer = pair
    limit = 65_536

    async def scenario():
        transport.write(MUCH)
        waiting = asyncio.create_task(transport.drained(limit=limit, seconds=60))
        while not waiting.done():
            assert transport.pending > limit
            read_available(peer)
            transport.doWrite()
            # Let the waiting task run, and then the one that it waits for.
            for _ in range(5):
                await asyncio.sleep(0)
                if transport.pending <= limit:
                    await waiting
        assert 0 <= transport.pending <= limit

    asyncio.run(scenario())


def test_drained_times_out_if_the_peer_does_not_read(pair):
    transport, _peer = pair

    async def scenario():
        transport.write(MUCH)
        with pytest.raises(TimeoutError):
            await transport.drained(limit=65_536, seconds=0.01)
        # The next caller gets the same.
        with pytest.raises(TimeoutError):
            await transport.drained(limit=65_536, seconds=0.01)

    asyncio.run(scenario())


def test_a_caller_that_replaces_a_cancelled_one_is_woken(pair):
    transport, peer = pair

    async def scenario():
        transport.write(MUCH)
        first = asyncio.create_task(transport.drained(limit=0, seconds=60))
        await asyncio.sleep(0)
        # The second caller starts before the first one is cancelled.
        second = asyncio.create_task(transport.drained(limit=0, seconds=5))
        first.cancel()
        while transport.pending:
            read_available(peer)
            transport.doWrite()
            await asyncio.sleep(0)
        await second
        assert first.cancelled()

    asyncio.run(scenario())
