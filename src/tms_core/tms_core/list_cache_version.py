"""The version of cached task lists in Redis: a random token that is part of their keys and that every change replaces.

Versions are random rather than counted: a Redis server that is restored from an older state must not revive an older
version. For the same reason every new connection sets a new version (see `begin_on_connect`).
"""

import secrets
from collections.abc import Callable
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session, sessionmaker

from tms_core.event_log.events import WAKE_UP_CHANNEL, WROTE_EVENTS
from tms_core.redis import Breaker, DirectRedis

KEY = "tms:task:generation"


def new_version() -> str:
    return secrets.token_hex(8)


def announce_commits(factory: sessionmaker[Session], announce: Callable[[], None]) -> None:
    """Call `announce` after each commit that wrote events, before the response is sent."""
    announce_commit = announcer(announce)

    @event.listens_for(factory, "after_commit")
    def _announce(session: Session) -> None:
        if session.info.pop(WROTE_EVENTS, False):
            announce_commit()


def announcer(announce: Callable[[], None]) -> Callable[[], None]:
    """Return a function that calls `announce`, unless Redis is down.

    Failures are harmless: the relay also polls, and sets a new version itself.
    """
    breaker = Breaker()
    return lambda: breaker.call(announce, None)


def announce(redis: DirectRedis) -> None:
    """Set a new version and wake the relay; raises while Redis is down."""
    redis.call_all(("SET", KEY, new_version()), ("PUBLISH", WAKE_UP_CHANNEL, b""))


def begin_on_connect(connection: Any) -> None:
    """Set a new version on each new connection of redis-py: the server may have restarted with outdated lists."""
    connection.on_connect()
    connection.send_command("SET", KEY, new_version())
    connection.read_response()
