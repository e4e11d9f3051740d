"""Closes the sockets whose token has expired or was revoked."""

import asyncio
import logging
import threading
import time

from sqlalchemy.exc import SQLAlchemyError

from tms_core.access_tokens import AccessClaims
from tms_core.revocations import INTERVAL, Revocations
from tms_realtime.auth.credentials import RevocationsUnknownError
from tms_realtime.clients.hub import Hub

UNAUTHORIZED = 4401
SWEEP_INTERVAL = 0.25
# The database may be away for so long before tokens are no longer taken at the handshake.
TRUSTED_SECONDS = 5.0
log = logging.getLogger(__name__)


class RevocationMonitor(threading.Thread):
    """Keeps `Revocations` fresh from a thread of its own, so that the reactor never waits for the database."""

    def __init__(self, revocations: Revocations):
        super().__init__(name="revocations", daemon=True)
        self._revocations = revocations
        self._looked_at = float("-inf")
        self._stopped = threading.Event()

    def is_revoked(self, claims: AccessClaims) -> bool:
        """As of the last look; raises `RevocationsUnknownError` when that is too long ago to let somebody in."""
        if not self.are_fresh():
            raise RevocationsUnknownError
        return self.was_revoked(claims)

    def are_fresh(self) -> bool:
        return time.monotonic() - self._looked_at <= TRUSTED_SECONDS

    def was_revoked(self, claims: AccessClaims) -> bool:
        return self._revocations.knows(claims)

    def look(self) -> bool:
        """Whether the database answered."""
        began = time.monotonic()
        try:
            self._revocations.refresh(force=True)
        except SQLAlchemyError as error:
            log.debug("no look at revocations: %s", error)
            return False
        self._looked_at = began
        return True

    def stop(self) -> None:
        self._stopped.set()

    def run(self) -> None:
        could_look = True
        while not self._stopped.wait(INTERVAL):
            can_look = self.look()
            if could_look and not can_look:
                log.warning("the database is away: sockets stay open, new ones with a token are refused")
            elif can_look and not could_look:
                log.info("the database is back")
            could_look = can_look


async def close_unauthorized(hub: Hub, monitor: RevocationMonitor) -> None:
    """Run for ever: end every client whose token is no longer good, within a second."""
    while True:
        sweep(hub, monitor, now=time.time())
        await asyncio.sleep(SWEEP_INTERVAL)


def sweep(hub: Hub, monitor: RevocationMonitor, *, now: float) -> None:
    for client in hub.clients():
        claims = client.claims
        if claims is None:
            continue
        if claims.expires_at <= now:
            client.end(UNAUTHORIZED, "the access token has expired")
        elif monitor.was_revoked(claims):
            client.end(UNAUTHORIZED, "the access token was revoked")
