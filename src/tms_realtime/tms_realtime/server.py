"""The realtime process: one reactor with the sockets, the feed from Redis and the watch over tokens."""

import asyncio
import logging
import signal
from typing import Any

from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.error import CannotListenError
from twisted.internet.main import installReactor

from tms_core.access_tokens import AccessTokens
from tms_core.revocations import Revocations
from tms_core.runtime import Runtime
from tms_realtime.envelope import Envelope
from tms_realtime.feed import Feed
from tms_realtime.handshake import PATHS, Door
from tms_realtime.history import events_after, newest_position
from tms_realtime.hub import Hub
from tms_realtime.logs import bridge_twisted_logs
from tms_realtime.presence import tell
from tms_realtime.protocol import create_factory
from tms_realtime.settings import RealtimeSettings
from tms_realtime.transport import listen
from tms_realtime.watch import RevocationLooks, close_unauthorized

GOING_AWAY = 1001
# How long clients may take to answer the close, and that is looked at so often.
DRAIN_SECONDS = 3.0
DRAIN_LOOK = 0.02
log = logging.getLogger(__name__)


def serve(runtime: Runtime) -> int:
    """Serve until SIGTERM or SIGINT; returns the exit status. Once a process: Twisted has one reactor.

    Raises when the database is away at the start; later it may be.
    """
    hub = Hub(runtime.core.visibility, position=newest_position(runtime))
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    reactor = AsyncioSelectorReactor(loop)
    installReactor(reactor)
    bridge_twisted_logs()
    server = loop.create_task(Server(runtime, hub, reactor).run())
    server.add_done_callback(lambda _done: reactor.stop())
    # Twisted's own signal handlers would end the loop before the clients are told.
    reactor.run(installSignalHandlers=False)
    runtime.close()
    return server.result()


class Server:
    def __init__(self, runtime: Runtime, hub: Hub, reactor: Any):
        core = runtime.core
        self._runtime = runtime
        self._settings = runtime.settings(RealtimeSettings)
        self._hub = hub
        self._reactor = reactor
        self._looks = RevocationLooks(Revocations(runtime.engine, core.access_token_life))
        tokens = AccessTokens(core.jwt_key, core.access_token_life)
        door = Door(self._settings, core.visibility, tokens, self._looks.is_revoked)
        self._factory = create_factory(reactor, self._settings, hub, door)

    async def run(self) -> int:
        stopping = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stopping.set)
        # Before the first handshake, so that no revoked token slips in.
        self._looks.look()
        try:
            port = listen(self._reactor, self._factory, self._settings.host, self._settings.port)
        except CannotListenError as error:
            log.error("cannot listen on %s:%d: %s", self._settings.host, self._settings.port, error.socketError)
            return 1
        log.info("listening on ws://%s:%d%s", self._settings.host, self._settings.port, PATHS[0])
        self._looks.start()
        await self._serve_until(stopping)
        await port.stopListening().asFuture(asyncio.get_running_loop())
        await self._close_all()
        self._looks.stop()
        return 0

    async def _serve_until(self, stopping: asyncio.Event) -> None:
        feed = Feed(self._runtime.core.redis, self._hub, self._events_after)
        async with asyncio.TaskGroup() as tasks:
            background = [
                tasks.create_task(feed.run()),
                tasks.create_task(close_unauthorized(self._hub, self._looks)),
                tasks.create_task(tell(self._runtime.core.redis, self._hub)),
            ]
            await stopping.wait()
            for task in background:
                task.cancel()

    async def _events_after(self, position: int) -> list[Envelope]:
        return await asyncio.to_thread(events_after, self._runtime, position)

    async def _close_all(self) -> None:
        clients = self._hub.clients()
        log.info("ending: %d clients are told to come back", len(clients))
        for client in clients:
            client.end(GOING_AWAY, "the server ends")
        deadline = asyncio.get_running_loop().time() + DRAIN_SECONDS
        while self._factory.getConnectionCount() and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(DRAIN_LOOK)
