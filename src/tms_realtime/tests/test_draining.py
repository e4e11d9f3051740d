"""Graceful shutdown, without sockets."""

import asyncio

import pytest

from tms_realtime import draining
from tms_realtime.clients.hub import Hub
from tms_realtime.clients.view import View
from tms_realtime.draining import drain
from tms_realtime.event_log.envelope import Envelope


class Client:
    """A client that records its end. With `goes=False`, it stays connected after the close."""

    claims = None
    pending = 0

    def __init__(self, hub: Hub, ended: list["Client"], *, goes: bool = True):
        self.hub = hub
        self.ended = ended
        self.goes = goes
        self.codes: list[int] = []
        self.received: list[int | None] = []
        hub.join(self, View())

    def send(self, message) -> None:
        self.received += [position for _text, position in message.parts]

    def end(self, code: int, reason: str) -> None:
        self.codes.append(code)
        self.hub.leave(self)
        self.ended.append(self)


@pytest.fixture
def hub_with_clients():
    """A hub, the list of closed clients, and a function that counts the connected ones."""
    hub, ended = Hub(), []
    return hub, ended, lambda: len(hub) + sum(not client.goes for client in ended)


def test_clients_are_closed_once_and_receive_events_until_then(hub_with_clients, event):
    hub, ended, connected = hub_with_clients
    clients = [Client(hub, ended) for _ in range(100)]

    async def scenario():
        draining_ = asyncio.create_task(drain(hub, connected, 0.5))
        while not draining_.done():
            hub.publish([Envelope.of(event(position=hub.position + 1))])
            await asyncio.sleep(0.001)

    asyncio.run(scenario())

    assert all(client.codes == [1001] for client in clients)
    assert ended != clients, "clients are closed in the order in which they connected"
    last = [len(client.received) for client in ended]
    assert last == sorted(last)
    assert all(client.received == [*range(1, len(client.received) + 1)] for client in clients)
    assert len(set(last)) > 1, "all clients are closed at once"


def test_clients_are_closed_at_once_without_time_to_spread(hub_with_clients):
    hub, ended, connected = hub_with_clients
    clients = [Client(hub, ended) for _ in range(100)]

    asyncio.run(drain(hub, connected, 0))

    assert all(client.codes == [1001] for client in clients)


def test_a_client_that_connects_during_the_shutdown_is_closed_too(hub_with_clients):
    hub, ended, _connected = hub_with_clients
    first = Client(hub, ended)

    def connected() -> int:
        if len(ended) == 1:
            Client(hub, ended)
        return len(hub)

    asyncio.run(drain(hub, connected, 0.1))

    assert [client.codes for client in ended] == [[1001], [1001]]
    assert ended[0] is first


def test_a_client_that_does_not_disconnect_delays_the_shutdown_only_briefly(hub_with_clients, monkeypatch):
    monkeypatch.setattr(draining, "CLOSE_SECONDS", 0.05)
    hub, ended, connected = hub_with_clients
    stubborn = Client(hub, ended, goes=False)

    asyncio.run(drain(hub, connected, 0.1))

    assert stubborn.codes == [1001]
    assert connected()


def test_a_process_without_clients_ends_at_once():
    asyncio.run(drain(Hub(), lambda: 0, 300))
