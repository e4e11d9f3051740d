"""The components of a realtime process and how they depend on each other, without sockets."""

from tms_core.auth.access_tokens import AccessTokens
from tms_core.auth.personal_tokens import PersonalTokens
from tms_core.auth.revocations import Revocations
from tms_core.auth.unknown_tokens import UnknownTokenLimit
from tms_core.http_host import host_of
from tms_core.open_files import possible_connections
from tms_core.runtime import Runtime
from tms_realtime.auth.credentials import CredentialVerifier
from tms_realtime.auth.handshake import Authenticator
from tms_realtime.auth.revocation_monitor import RevocationMonitor
from tms_realtime.auth.tickets import TicketStore
from tms_realtime.clients.connection_limits import ConnectionLimits
from tms_realtime.clients.context import ConnectionContext
from tms_realtime.clients.hub import Hub
from tms_realtime.clients.presence import Presence
from tms_realtime.event_log.reader import LogReader
from tms_realtime.feed import Feed
from tms_realtime.handshake_log import HandshakeLog
from tms_realtime.settings import RealtimeSettings
from tms_realtime.user_messages import UserMessages


class Components:
    """Created once per process, in the event loop that they run in."""

    def __init__(self, runtime: Runtime, hub: Hub):
        core = runtime.core
        self.settings = settings = runtime.settings(RealtimeSettings)
        self.hub = hub
        self.reader = LogReader(runtime)
        self.presence = Presence(core.redis, self.reader)
        self.feed = Feed(core.redis, hub, self.reader, self.presence)
        self.user_messages = UserMessages(core.redis, hub)
        self.revocations = RevocationMonitor(Revocations(runtime.engine, core.access_token_life))
        self.tickets = TicketStore(core.redis)
        self.limits = ConnectionLimits(possible_connections(settings.connections), settings.connections_per_user)
        self.authenticator = self._authenticator(runtime)
        self.context = ConnectionContext(
            settings, core.visibility, hub, self.reader, self.feed, self.presence, HandshakeLog(core)
        )

    async def close(self) -> None:
        """Close the connections to PostgreSQL and Redis, except those of the components' own tasks."""
        await self.tickets.close()
        await self.reader.close()

    def _authenticator(self, runtime: Runtime) -> Authenticator:
        core = runtime.core
        credentials = CredentialVerifier(
            AccessTokens(core.jwt_key, core.access_token_life),
            PersonalTokens(runtime.engine, core.access_token_life, UnknownTokenLimit(core.unknown_tokens_per_minute)),
            self.tickets,
            self.revocations.is_revoked,
        )
        public_host = host_of(core.public_url) if core.environment == "production" else None
        return Authenticator(self.settings, core.visibility, credentials, core.trusted_proxies, public_host=public_host)
