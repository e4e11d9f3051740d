"""Redis clients for the event loop.

Calls are limited by `asyncio.timeout`, whose TimeoutError is an OSError. redis-py's own timeout uses
`asyncio.wait_for`, which in Python 3.11 swallows a cancellation that arrives as the call completes: a process would not
shut down, and a cancelled replay would continue beside the new one.
"""

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

CONNECT_TIMEOUT = 3.0


def create_redis(url: str, *, connections: int | None = None) -> Redis:
    """Return a client. With `connections`, callers share that many and wait for a free one.

    redis-py's retries are off: they would hide that Redis was down, and with it a loss of data.
    """
    retry = Retry(NoBackoff(), 0)
    if connections is None:
        return Redis.from_url(url, retry=retry, socket_timeout=None, socket_connect_timeout=CONNECT_TIMEOUT)
    pool = BlockingConnectionPool.from_url(
        url, max_connections=connections, retry=retry, socket_timeout=None, socket_connect_timeout=CONNECT_TIMEOUT
    )
    return Redis.from_pool(pool)
