"""Redis (or Valkey) clients with short timeouts and a circuit breaker: a slow or unavailable server never causes an
error, only the loss of its function."""

import logging
import threading
import time
from collections import deque
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


class DirectRedis:
    """Sends commands on connections of its own, for what nearly every request needs.

    redis-py's pool takes locks and polls a connection before each use, which is as much work as the command itself. The
    connections have the client's settings: its time-out, and what it does on connecting.
    """

    def __init__(self, client: redis.Redis):
        self._pool = client.connection_pool
        # As many as there were calls at once. Appending and popping are atomic.
        self._idle: deque[Any] = deque()

    def call(self, *command: str | bytes | int) -> Any:
        """Return the response to a command; raises `redis.RedisError`."""
        return self.call_all(command)[0]

    def call_all(self, *commands: Sequence[str | bytes | int]) -> list[Any]:
        """Return the responses to commands that are sent together; raises `redis.RedisError`.

        Sent once more, on a new connection, if the server has closed the connection.
        """
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._pool.get_connection()
        # Failures close the connection, so it never has a response to another command.
        try:
            try:
                return _exchange(connection, commands)
            except redis.ConnectionError:
                return _exchange(connection, commands)
        finally:
            self._idle.append(connection)


def _exchange(connection: Any, commands: Sequence[Sequence[str | bytes | int]]) -> list[Any]:
    # Connects if necessary.
    connection.send_packed_command([_packed(commands)], check_health=False)
    responses = [_response(connection) for _ in commands]
    for response in responses:
        if isinstance(response, redis.ResponseError):
            raise response
    return responses


def _packed(commands: Sequence[Sequence[str | bytes | int]]) -> bytes:
    """Return commands in the Redis protocol, several times faster than redis-py, which looks for more types."""
    parts = []
    for command in commands:
        parts.append(b"*%d\r\n" % len(command))
        for word in command:
            encoded = word if isinstance(word, bytes) else str(word).encode()
            parts.append(b"$%d\r\n%b\r\n" % (len(encoded), encoded))
    return b"".join(parts)


def _response(connection: Any) -> Any:
    """Return a response, or an error of the server as a value: the responses to further commands must be read too."""
    try:
        return connection.read_response()
    except redis.ResponseError as error:
        return error


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
