"""The backlog limit, on transports with real sockets."""

import asyncio
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import MemoryReactorClock

from tms_realtime.auth.handshake import Authenticator
from tms_realtime.clients.connection_limits import ConnectionLimits
from tms_realtime.clients.outbound_message import OutboundMessage
from tms_realtime.settings import MAX_FRAME_BYTES, RealtimeSettings
from tms_realtime.wire.event_stream import EventStream
from tms_realtime.wire.outbound_buffer import OutboundBuffer
from tms_realtime.wire.transport import PromptTransport
from tms_realtime.wire.websocket import create_factory

BACKLOG = MAX_FRAME_BYTES
SETTINGS = RealtimeSettings(backlog=BACKLOG, anonymous=True, messages=0)
HOST = "Host: localhost\r\n"
WEBSOCKET = (
    f"GET /ws/tasks/ HTTP/1.1\r\n{HOST}Upgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
).encode()
MUCH = bytes(8_000_000)
EVENTS = f"GET /api/events HTTP/1.1\r\n{HOST}\r\n".encode()


class Pair:
    """A transport on a real socket, and its peer."""

    def __init__(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            self.peer = socket.create_connection(server.getsockname())
            self._accepted, address = server.accept()
        self._accepted.setblocking(False)
        self.transport = PromptTransport(self._accepted, Protocol(), address, None, 0, MemoryReactorClock())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.peer.close()
        self._accepted.close()

    def read(self, limit: int) -> bytes:
        """Read at most `limit` bytes that have arrived at the peer, and let the transport send what it has."""
        try:
            data = self.peer.recv(limit, socket.MSG_DONTWAIT)
        except BlockingIOError:
            data = b""
        if self.transport.pending:
            self.transport.doWrite()
        return data


def websocket(context, authenticator, lease):
    protocol = create_factory(Clock(), context, authenticator).buildProtocol(None)
    protocol.lease = lease
    return protocol, WEBSOCKET, lambda message: message.frame


def event_stream(context, authenticator, lease):
    return EventStream(context, authenticator, Clock(), lease), EVENTS, lambda message: message.event


@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["write", "write", "read"]), st.integers(0, 2 * BACKLOG)), min_size=1, max_size=60
    )
)
def test_a_buffer_never_exceeds_the_backlog_limit_and_keeps_the_order(steps):
    sent, received = bytearray(), bytearray()
    with Pair() as pair:
        buffer = OutboundBuffer(pair.transport, SETTINGS)
        # More than the kernel takes without a reader.
        sent += MUCH
        pair.transport.write(MUCH)
        while buffer.pending > BACKLOG // 2:
            received += pair.read(BACKLOG)
        for number, (step, size) in enumerate(steps):
            if step == "read":
                received += pair.read(size)
                continue
            data, before = bytes([number]) * size, buffer.pending
            is_written = buffer.write(data)
            assert is_written == (before + size <= BACKLOG)
            assert buffer.pending <= BACKLOG
            sent += data if is_written else b""
        while len(received) < len(sent):
            received += pair.read(BACKLOG)

    assert received == sent


@pytest.mark.parametrize("wire", [websocket, event_stream])
def test_both_protocols_end_a_client_whose_buffer_would_exceed_the_backlog_limit(wire, make_context, run):
    async def scenario():
        context, lease = make_context(**SETTINGS.model_dump()), ConnectionLimits(0, 0).acquire()
        authenticator = Authenticator(context.settings, "team", credentials=None)
        protocol, request, encoded = wire(context, authenticator, lease)
        with Pair() as pair:
            pair.transport.protocol = protocol
            protocol.makeConnection(pair.transport)
            protocol.dataReceived(request)
            while not context.hub.clients():
                await asyncio.sleep(0)
            pair.transport.write(MUCH)
            while protocol.pending > BACKLOG // 2:
                pair.read(BACKLOG)

            message = OutboundMessage(b"x" * 10_000, 1)
            while (pending := protocol.pending) + len(encoded(message)) <= BACKLOG:
                protocol.send(message)
                assert protocol.pending == pending + len(encoded(message))
                assert context.hub.clients()
            protocol.send(message)

            assert not context.hub.clients()
            # A close frame at most.
            assert protocol.pending - pending < 100
            protocol.connectionLost(connectionDone)

    run(scenario())
