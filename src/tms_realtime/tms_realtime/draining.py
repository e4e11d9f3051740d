"""The end of a process: its clients are told to come back, not all at once."""

import asyncio
import logging
import random
from collections.abc import Callable

from tms_realtime.clients.hub import Hub

GOING_AWAY = 1001
# A handful need no spreading.
MAX_PAUSE = 0.01
# How long clients may take to answer the close, and that is looked at so often.
CLOSE_SECONDS = 3.0
POLL_SECONDS = 0.02
log = logging.getLogger(__name__)


async def drain(hub: Hub, connected: Callable[[], int], seconds: float) -> None:
    """Close every client with 1001, in no order, over at most `seconds`; they get events until it is their turn.
    Returns when all have gone, or after a few seconds more."""
    clients = hub.clients()
    random.shuffle(clients)
    log.info("ending: %d clients are told to come back", len(clients))
    pause = min(MAX_PAUSE, seconds / len(clients)) if clients else 0
    loop = asyncio.get_running_loop()
    began = loop.time()
    for number, client in enumerate(clients):
        client.end(GOING_AWAY, "the server ends")
        # Against the clock, since a sleep is never as short as this pause.
        if (wait := began + number * pause - loop.time()) > POLL_SECONDS:
            await asyncio.sleep(wait)
    deadline = loop.time() + CLOSE_SECONDS
    while connected() and loop.time() < deadline:
        # Who was still in its handshake when this began.
        for client in hub.clients():
            client.end(GOING_AWAY, "the server ends")
        await asyncio.sleep(POLL_SECONDS)
