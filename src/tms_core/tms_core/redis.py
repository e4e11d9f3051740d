"""Redis (or Valkey) clients with short timeouts and a circuit breaker: a slow or unavailable server never causes an
error, only the loss of its function."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tms_core.settings import CoreSettings

log = logging.getLogger(__name__)
T = TypeVar("T")


def create_redis(
    settings: CoreSettings,
    *,
    timeout: float | None = None,
    on_connect: Callable[[Any], None] | None = None,
) -> redis.Redis:
    """Return a client with a timeout of `timeout` seconds per call (default `tms.redis_timeout`).

    `on_connect` replaces redis-py's set-up of new connections. Calls are retried once, on a new connection, since
    pooled connections break when the server restarts.
    """
    seconds = timeout or settings.redis_timeout
    return redis.Redis.from_url(
        settings.redis,
        socket_timeout=seconds,
        socket_connect_timeout=seconds,
        retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
        health_check_interval=0,
        max_connections=64,
        redis_connect_func=on_connect,
    )


def execute_together(client: redis.Redis, *commands: tuple[Any, ...]) -> list[Any]:
    """Execute independent commands in one round trip and return their results.

    The same as a pipeline without a transaction, at a third of its processor time.
    """
    pool = client.connection_pool
    connection = pool.get_connection()
    try:
        return connection.retry.call_with_retry(
            lambda: _exchange(connection, commands), lambda _error: connection.disconnect()
        )
    except BaseException:
        # Replies may still be on the way.
        connection.disconnect()
        raise
    finally:
        pool.release(connection)


def _exchange(connection: Any, commands: Sequence[tuple[Any, ...]]) -> list[Any]:
    connection.send_packed_command([b"".join(map(_packed, commands))])
    return [connection.read_response() for _ in commands]


def _packed(command: tuple[Any, ...]) -> bytes:
    """Return a command in the Redis serialization protocol."""
    arguments = [one if isinstance(one, bytes) else str(one).encode() for one in command]
    parts = [b"$%d\r\n%b\r\n" % (len(one), one) for one in arguments]
    return b"*%d\r\n%b" % (len(parts), b"".join(parts))


class Breaker:
    """A circuit breaker: skips calls for `pause` seconds after a failure, to avoid further timeouts."""

    def __init__(self, pause: float = 1.0, clock: Callable[[], float] = time.monotonic):
        self._pause = pause
        self._clock = clock
        self._open_until = 0.0
        self._lock = threading.Lock()

    @property
    def is_open(self) -> bool:
        return self._clock() < self._open_until

    def call(self, action: Callable[[], T], otherwise: T) -> T:
        """Return the result of `action`; `otherwise` while the breaker is open or if Redis fails."""
        if self.is_open:
            return otherwise
        try:
            return action()
        except redis.RedisError as error:
            with self._lock:
                if not self.is_open:
                    log.warning("redis is unavailable, continuing without it: %s", error)
                self._open_until = self._clock() + self._pause
            return otherwise
