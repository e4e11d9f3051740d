"""The realtime process: one reactor with the listening sockets and the background tasks."""

import asyncio
import logging
import signal
from typing import Any

from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.error import CannotListenError
from twisted.internet.main import installReactor

from tms_core.processes.heartbeat import Heartbeat
from tms_core.runtime import Runtime
from tms_realtime import metrics
from tms_realtime.auth.revocation_monitor import close_unauthorized
from tms_realtime.clients.connection_limits import ConnectionLease
from tms_realtime.clients.hub import Hub
from tms_realtime.components import Components
from tms_realtime.connection_counts import report
from tms_realtime.draining import drain
from tms_realtime.event_log.table import newest_position
from tms_realtime.logs import bridge_twisted_logs
from tms_realtime.status import Status
from tms_realtime.wire.event_stream import EventStream
from tms_realtime.wire.router import SOCKET_PATHS, STREAM_PATHS, ProtocolRouterFactory
from tms_realtime.wire.status_port import listen_for_status
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
    """Listens for clients, runs the background tasks, and shuts down gracefully."""

    def __init__(self, runtime: Runtime, hub: Hub, reactor: Any):
        self._runtime = runtime
        self._reactor = reactor
        self._components = parts = Components(runtime, hub)
        self._settings = parts.settings
        self._websockets = create_factory(reactor, parts.context, parts.authenticator)

    async def run(self) -> int:
        """Serve until a stop signal; return the exit status."""
        parts, settings = self._components, self._settings
        stopping = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stopping.set)
        # Before the first handshake, so that no revoked token is accepted.
        parts.revocations.poll()
        router = ProtocolRouterFactory(self._reactor, parts.limits, settings.handshake_seconds, self._protocol_for)
        try:
            port = listen(self._reactor, router, settings.host, settings.port)
        except CannotListenError as error:
            log.error("cannot listen on %s:%d: %s", settings.host, settings.port, error.socketError)
            return 1
        status_port = listen_for_status(self._reactor, settings, self._status().respond)
        log.info("listening on ws://%s:%d%s", settings.host, settings.port, SOCKET_PATHS[0])
        parts.revocations.start()
        # Only now does SIGTERM close the connections properly.
        with Heartbeat(self._runtime, "realtime"):
            await self._serve_until(stopping, port)
        if status_port:
            await _stop_listening(status_port)
        parts.revocations.stop()
        await parts.close()
        return 0

    async def _serve_until(self, stopping: asyncio.Event, port: Any) -> None:
        parts = self._components
        async with asyncio.TaskGroup() as tasks:
            background = [
                tasks.create_task(parts.feed.run()),
                tasks.create_task(parts.presence.run()),
                tasks.create_task(parts.user_messages.run()),
                tasks.create_task(close_unauthorized(parts.hub, parts.revocations)),
                tasks.create_task(report(self._runtime.core.redis, parts.hub)),
            ]
            await stopping.wait()
            await _stop_listening(port)
            # The feed still runs, so that clients receive events until they are closed.
            await drain(parts.hub, lambda: parts.limits.in_use, self._settings.drain_seconds)
            for task in background:
                task.cancel()

    def _protocol_for(self, path: str, lease: ConnectionLease) -> Any:
        """Return a new protocol, which releases the lease when its connection ends."""
        parts = self._components
        if path in STREAM_PATHS:
            return EventStream(parts.context, parts.authenticator, self._reactor, lease)
        protocol = self._websockets.buildProtocol(None)
        protocol.lease = lease
        return protocol

    def _status(self) -> Status:
        parts = self._components
        checks = {"database": parts.revocations.are_fresh, "redis": lambda: parts.feed.is_following}
        return Status(self._runtime, checks, self._set_gauges)

    def _set_gauges(self) -> None:
        """Set the gauges, before a scrape."""
        parts = self._components
        metrics.POSITION.set(parts.hub.position)
        metrics.FOLLOWING.set(parts.feed.is_following)
        metrics.BACKLOG.set(sum(client.pending for client in parts.hub.clients()))


async def _stop_listening(port: Any) -> None:
    await port.stopListening().asFuture(asyncio.get_running_loop())
