"""The end of a process, without sockets."""

import asyncio

import pytest

from tms_realtime import draining
from tms_realtime.clients.hub import Hub
from tms_realtime.clients.view import View
from tms_realtime.draining import drain
from tms_realtime.event_log.envelope import Envelope


class Client:
    """One that goes when it is told to, in the order in which all are told."""

    claims = None
    pending = 0

    def __init__(self, hub: Hub, ended: list["Client"], *, goes: bool = True):
        self.hub = hub
        self.ended = ended
        self.goes = goes
        self.codes: list[int] = []
        self.heard: list[int | None] = []
        hub.join(self, View())

    def send(self, message) -> None:
        self.heard += [position for _text, position in message.parts]

    def end(self, code: int, reason: str) -> None:
        self.codes.append(code)
        self.hub.leave(self)
        self.ended.append(self)


@pytest.fixture
def house():
    """A hub, the clients that were told to go, and whoever is still connected."""
    hub, ended = Hub(), []
    return hub, ended, lambda: len(hub) + sum(not client.goes for client in ended)


def test_all_are_told_once_and_hear_what_happens_until_then(house, event):
    hub, ended, connected = house
    clients = [Client(hub, ended) for _ in range(100)]

    async def scenario():
        draining_ = asyncio.create_task(drain(hub, connected, 0.5))
        while not draining_.done():
            hub.publish([Envelope.of(event(position=hub.position + 1))])
            await asyncio.sleep(0.001)

    asyncio.run(scenario())

    assert all(client.codes == [1001] for client in clients)
    assert ended != clients, "they are told in the order in which they came"
    last = [len(client.heard) for client in ended]
    assert last == sorted(last)
    assert all(client.heard == [*range(1, len(client.heard) + 1)] for client in clients)
    assert len(set(last)) > 1, "they are all told at once"


def test_without_time_to_spread_them_all_are_told_at_once(house):
    hub, ended, connected = house
    clients = [Client(hub, ended) for _ in range(100)]

    asyncio.run(drain(hub, connected, 0))

    assert all(client.codes == [1001] for client in clients)


def test_one_that_comes_in_meanwhile_is_told_too(house):
    hub, ended, _connected = house
    first = Client(hub, ended)

    def connected() -> int:
        if len(ended) == 1:
            Client(hub, ended)
        return len(hub)

    asyncio.run(drain(hub, connected, 0.1))

    assert [client.codes for client in ended] == [[1001], [1001]]
    assert ended[0] is first


def test_one_that_does_not_go_is_waited_for_only_so_long(house, monkeypatch):
    monkeypatch.setattr(draining, "CLOSE_SECONDS", 0.05)
    hub, ended, connected = house
    stubborn = Client(hub, ended, goes=False)

    asyncio.run(drain(hub, connected, 0.1))

    assert stubborn.codes == [1001]
    assert connected()


def test_a_process_without_clients_ends_at_once():
    asyncio.run(drain(Hub(), lambda: 0, 300))
