"""Closes the connections whose token has expired or was revoked."""

import asyncio
import logging
import threading
import time

from sqlalchemy.exc import SQLAlchemyError

from tms_core.auth.access_tokens import AccessClaims
from tms_core.auth.revocations import INTERVAL, Revocations
from tms_realtime.auth.credentials import RevocationsUnknownError
from tms_realtime.clients.hub import Hub

UNAUTHORIZED = 4401
SWEEP_INTERVAL = 0.25
# Seconds since the last successful poll after which handshakes with a token are rejected.
TRUSTED_SECONDS = 5.0
log = logging.getLogger(__name__)


class RevocationMonitor(threading.Thread):
    """Polls `Revocations` in a thread of its own, so that the reactor never waits for the database."""

    def __init__(self, revocations: Revocations):
        super().__init__(name="revocations", daemon=True)
        self._revocations = revocations
        self._polled_at = float("-inf")
        self._stopped = threading.Event()

    def is_revoked(self, claims: AccessClaims) -> bool:
        """Whether the token was revoked, as of the last poll.

        Raises `RevocationsUnknownError` if that is too long ago to accept a handshake.
        """
        if not self.are_fresh():
            raise RevocationsUnknownError
        return self.was_revoked(claims)

    def are_fresh(self) -> bool:
        """Whether the last successful poll is recent enough to accept handshakes."""
        return time.monotonic() - self._polled_at <= TRUSTED_SECONDS

    def was_revoked(self, claims: AccessClaims) -> bool:
        """Whether the token was revoked as of the last poll, however long ago."""
        return self._revocations.knows(claims)

    def poll(self) -> bool:
        """Poll the database once; return whether it responded."""
        began = time.monotonic()
        try:
            self._revocations.refresh(force=True)
        except SQLAlchemyError as error:
            log.debug("cannot poll revocations: %s", error)
            return False
        self._polled_at = began
        return True

    def stop(self) -> None:
        self._stopped.set()

    def run(self) -> None:
        was_reachable = True
        while not self._stopped.wait(INTERVAL):
            is_reachable = self.poll()
            if was_reachable and not is_reachable:
                log.warning("the database is down: connections stay open, handshakes with a token are rejected")
            elif is_reachable and not was_reachable:
                log.info("the database is back")
            was_reachable = is_reachable


async def close_unauthorized(hub: Hub, monitor: RevocationMonitor) -> None:
    """Run for ever: close every connection whose token is no longer valid, within a second."""
    while True:
        sweep(hub, monitor, now=time.time())
        await asyncio.sleep(SWEEP_INTERVAL)


def sweep(hub: Hub, monitor: RevocationMonitor, *, now: float) -> None:
    """Close the connections whose token has expired at `now` (epoch seconds) or was revoked."""
    for client in hub.clients():
        claims = client.claims
        if claims is None:
            continue
        if claims.expires_at <= now:
            client.end(UNAUTHORIZED, "the access token has expired")
        elif monitor.was_revoked(claims):
            client.end(UNAUTHORIZED, "the access token was revoked")
