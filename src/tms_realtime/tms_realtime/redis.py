"""Redis from the event loop.

Calls are given their time by `asyncio.timeout`, whose TimeoutError is an OSError. redis-py's own time-out rests on
`asyncio.wait_for`, which in Python 3.11 swallows a cancellation that comes just as it is done: a process that was to
end went on for ever, and a client's old replay went on beside its new one.
"""

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

CONNECT_TIMEOUT = 3.0


def create_redis(url: str, *, connections: int | None = None) -> Redis:
    """With `connections`, callers wait for one another beyond so many.

    Without redis-py's retries: they would hide that Redis was away, and with it what it lost.
    """
    retry = Retry(NoBackoff(), 0)
    if connections is None:
        return Redis.from_url(url, retry=retry, socket_timeout=None, socket_connect_timeout=CONNECT_TIMEOUT)
    pool = BlockingConnectionPool.from_url(
        url, max_connections=connections, retry=retry, socket_timeout=None, socket_connect_timeout=CONNECT_TIMEOUT
    )
    return Redis.from_pool(pool)
