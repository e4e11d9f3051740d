"""The realtime process: one reactor with the listening sockets, the feed and the revocation monitor."""

import asyncio
import logging
import signal
from typing import Any

from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.error import CannotListenError
from twisted.internet.main import installReactor

from tms_core.auth.access_tokens import AccessTokens
from tms_core.auth.personal_tokens import PersonalTokens
from tms_core.auth.revocations import Revocations
from tms_core.auth.unknown_tokens import UnknownTokenLimit
from tms_core.http_host import host_of
from tms_core.open_files import possible_connections
from tms_core.runtime import Runtime
from tms_realtime import metrics
from tms_realtime.auth.credentials import CredentialVerifier
from tms_realtime.auth.handshake import Authenticator
from tms_realtime.auth.revocation_monitor import RevocationMonitor, close_unauthorized
from tms_realtime.auth.tickets import TicketStore
from tms_realtime.clients.connection_limits import ConnectionLimits
from tms_realtime.clients.context import ConnectionContext
from tms_realtime.clients.hub import Hub
from tms_realtime.clients.presence import Presence
from tms_realtime.connection_counts import report
from tms_realtime.draining import drain
from tms_realtime.event_log.reader import LogReader
from tms_realtime.event_log.table import newest_position
from tms_realtime.feed import Feed
from tms_realtime.handshake_log import HandshakeLog
from tms_realtime.logs import bridge_twisted_logs
from tms_realtime.settings import RealtimeSettings
from tms_realtime.status import Status, listen_for_status
from tms_realtime.wire.event_stream import EventStream
from tms_realtime.wire.router import SOCKET_PATHS, STREAM_PATHS, ProtocolRouterFactory
from tms_realtime.wire.transport import listen
from tms_realtime.wire.websocket import create_factory

log = logging.getLogger(__name__)


def serve(runtime: Runtime) -> int:
    """Serve until SIGTERM or SIGINT; return the exit status. Once per process, since Twisted has one reactor.

    Raises if the database is down at the start.
    """
    hub = Hub(position=newest_position(runtime))
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    reactor = AsyncioSelectorReactor(loop)
    installReactor(reactor)
    bridge_twisted_logs()
    server = loop.create_task(_serve(runtime, hub, reactor))
    server.add_done_callback(lambda _done: reactor.stop())
    # Twisted's own signal handlers would stop the loop before the connections are closed.
    reactor.run(installSignalHandlers=False)
    runtime.close()
    return server.result()


async def _serve(runtime: Runtime, hub: Hub, reactor: Any) -> int:
    return await Server(runtime, hub, reactor).run()


class Server:
    """Creates and connects the components of the process, and runs them."""

    def __init__(self, runtime: Runtime, hub: Hub, reactor: Any):
        core = runtime.core
        self._runtime = runtime
        self._settings = settings = runtime.settings(RealtimeSettings)
        self._hub = hub
        self._reactor = reactor
        self._reader = LogReader(runtime)
        self._presence = Presence(core.redis, self._reader)
        self._feed = Feed(core.redis, hub, self._reader, self._presence)
        self._revocations = RevocationMonitor(Revocations(runtime.engine, core.access_token_life))
        self._tickets = TicketStore(core.redis)
        self._limits = ConnectionLimits(possible_connections(settings.connections), settings.connections_per_user)
        credentials = CredentialVerifier(
            AccessTokens(core.jwt_key, core.access_token_life),
            PersonalTokens(runtime.engine, core.access_token_life, UnknownTokenLimit(core.unknown_tokens_per_minute)),
            self._tickets,
            self._revocations.is_revoked,
        )
        public_host = host_of(core.public_url) if core.environment == "production" else None
        self._authenticator = Authenticator(
            settings, core.visibility, credentials, core.trusted_proxies, public_host=public_host
        )
        self._context = ConnectionContext(
            settings,
            core.visibility,
            self._limits,
            hub,
            self._reader,
            self._feed,
            self._presence,
            HandshakeLog(core),
        )
        self._websockets = create_factory(reactor, self._context, self._authenticator)

    async def run(self) -> int:
        """Serve until a stop signal; return the exit status."""
        stopping = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stopping.set)
        # Before the first handshake, so that no revoked token is accepted.
        self._revocations.poll()
        settings = self._settings
        router = ProtocolRouterFactory(self._reactor, self._limits, settings.handshake_seconds, self._protocol_for)
        try:
            port = listen(self._reactor, router, settings.host, settings.port)
        except CannotListenError as error:
            log.error("cannot listen on %s:%d: %s", settings.host, settings.port, error.socketError)
            return 1
        status_port = listen_for_status(self._reactor, settings, self._status())
        log.info("listening on ws://%s:%d%s", settings.host, settings.port, SOCKET_PATHS[0])
        self._revocations.start()
        await self._serve_until(stopping, port)
        if status_port:
            await status_port.stopListening().asFuture(asyncio.get_running_loop())
        self._revocations.stop()
        await self._tickets.close()
        await self._reader.close()
        return 0

    async def _serve_until(self, stopping: asyncio.Event, port: Any) -> None:
        redis_url = self._runtime.core.redis
        async with asyncio.TaskGroup() as tasks:
            background = [
                tasks.create_task(self._feed.run()),
                tasks.create_task(self._presence.run()),
                tasks.create_task(close_unauthorized(self._hub, self._revocations)),
                tasks.create_task(report(redis_url, self._hub)),
            ]
            await stopping.wait()
            await port.stopListening().asFuture(asyncio.get_running_loop())
            # The feed still runs, so that clients receive events until they are closed.
            await drain(self._hub, lambda: self._limits.in_use, self._settings.drain_seconds)
            for task in background:
                task.cancel()

    def _protocol_for(self, path: str) -> Any:
        if path in STREAM_PATHS:
            return EventStream(self._context, self._authenticator, self._reactor)
        return self._websockets.buildProtocol(None)

    def _status(self) -> Status:
        checks = {"database": self._revocations.are_fresh, "redis": lambda: self._feed.is_following}
        return Status(self._runtime, checks, self._set_gauges)

    def _set_gauges(self) -> None:
        """Set the gauges, before a scrape."""
        metrics.POSITION.set(self._hub.position)
        metrics.FOLLOWING.set(self._feed.is_following)
        metrics.BACKLOG.set(sum(client.pending for client in self._hub.clients()))
