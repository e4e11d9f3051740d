"""Graceful shutdown: closes the connections, spread over some seconds so that clients do not all reconnect at once."""

import asyncio
import logging
import random
from collections.abc import Callable

from tms_realtime.clients.hub import Hub

GOING_AWAY = 1001
# Few clients need no spreading.
MAX_PAUSE = 0.01
# Seconds that clients have to answer the close frame, and how often that is checked.
CLOSE_SECONDS = 3.0
POLL_SECONDS = 0.02
log = logging.getLogger(__name__)


async def drain(hub: Hub, connected: Callable[[], int], seconds: float) -> None:
    """Close every client with 1001, in random order over at most `seconds`; until then they receive events.
    Returns when all connections have ended, or after `CLOSE_SECONDS` more.
    """
    clients = hub.clients()
    random.shuffle(clients)
    log.info("shutting down: closing %d connections", len(clients))
    pause = min(MAX_PAUSE, seconds / len(clients)) if clients else 0
    loop = asyncio.get_running_loop()
    began = loop.time()
    for number, client in enumerate(clients):
        client.end(GOING_AWAY, "the server ends")
        # Measured on the clock: a sleep is never as short as this pause.
        if (wait := began + number * pause - loop.time()) > POLL_SECONDS:
            await asyncio.sleep(wait)
    deadline = loop.time() + CLOSE_SECONDS
    while connected() and loop.time() < deadline:
        # Clients whose handshake was still running.
        for client in hub.clients():
            client.end(GOING_AWAY, "the server ends")
        await asyncio.sleep(POLL_SECONDS)
