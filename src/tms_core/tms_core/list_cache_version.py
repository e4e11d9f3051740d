"""The version of cached task lists in Redis: a random token that is part of their keys and that every change replaces.

Versions are random rather than counted: a Redis server that is restored from an older state must not revive an older
version. For the same reason every new connection sets a new version (see `begin_on_connect`).
"""

import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import event
from sqlalchemy.orm import Session, sessionmaker

from tms_core.event_log.events import WAKE_UP_CHANNEL, WROTE_EVENTS, TaskEventRecord
from tms_core.event_log.sinks import EventSink
from tms_core.redis import Breaker

if TYPE_CHECKING:
    from tms_core.runtime import Runtime

KEY = "tms:task:generation"


def new_version() -> str:
    return secrets.token_hex(8)


def announce_commits(factory: sessionmaker[Session], runtime: "Runtime") -> None:
    """After each commit that wrote events, set a new version and wake the relay, before the response is sent.

    Failures are harmless: the relay also polls, and sets a new version itself.
    """
    breaker = Breaker()

    @event.listens_for(factory, "after_commit")
    def _announce(session: Session) -> None:
        if session.info.pop(WROTE_EVENTS, False):
            breaker.call(lambda: announce(runtime), None)


def announce(runtime: "Runtime") -> None:
    """Set a new version and wake the relay; raises while Redis is down."""
    # One round trip; the commands are independent and need no transaction.
    pipeline = runtime.redis_long_timeout.pipeline(transaction=False)
    pipeline.set(KEY, new_version())
    pipeline.publish(WAKE_UP_CHANNEL, b"")
    pipeline.execute()


def begin_on_connect(connection: Any) -> None:
    """Set a new version on each new connection of redis-py: the server may have restarted with outdated lists."""
    connection.on_connect()
    connection.send_command("SET", KEY, new_version())
    connection.read_response()


class ListCacheSink(EventSink):
    """Sets a new version for every batch, in case a process died between commit and announcement. Raises while Redis is
    down, so that the batch is retried."""

    # Lists may be stale until the retry succeeds.
    max_backoff = 0.5
    batch_window = 0.05
    cursor_interval = 0.25

    def deliver(self, session: Session, events: Sequence[TaskEventRecord]) -> None:
        self.runtime.redis_long_timeout.set(KEY, new_version())
