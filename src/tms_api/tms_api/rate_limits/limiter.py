"""Rate limits, counted in Redis for all processes with the library `limits`.

While Redis is unavailable, each process applies the same limits to counters in its own memory; a client can then make
at most as many times more attempts as there are processes. Responses have the header fields of
draft-ietf-httpapi-ratelimit-headers-10.
"""

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import NoReturn, TypeVar

from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter

from tms_api.rates import Rate, Rates
from tms_core.errors import TooManyRequestsError
from tms_core.runtime import Runtime

PREFIX = "tms:limit"
T = TypeVar("T")
_UNAVAILABLE = object()


@dataclass(frozen=True, slots=True)
class Limit:
    """The rates of an operation for one subject: a user, a network or an account."""

    name: str
    rates: Rates
    subject: str


class Limiter:
    """Counts operations in moving windows."""

    def __init__(self, runtime: Runtime):
        self._runtime = runtime

    def count(self, *limits: Limit) -> None:
        """Count one operation for each limit. Raises `TooManyRequestsError` if a limit is exhausted."""
        rates = list(_each_rate(limits))
        for number, (limit, rate) in enumerate(rates):
            if not self._hit(limit, rate):
                # Not counted in the remaining rates, because the operation is rejected.
                self._refuse([(limit, rate), *self._full(rates[number + 1 :])])

    def require_room(self, *limits: Limit) -> None:
        """Raise `TooManyRequestsError` if a limit is exhausted, without counting."""
        if full := self._full(_each_rate(limits)):
            self._refuse(full)

    def has_room(self, *limits: Limit) -> bool:
        """Whether no limit is exhausted; does not count."""
        return not self._full(_each_rate(limits))

    def _full(self, rates: Iterable[tuple[Limit, Rate]]) -> list[tuple[Limit, Rate]]:
        return [(limit, rate) for limit, rate in rates if not self._test(limit, rate)]

    def _hit(self, limit: Limit, rate: Rate) -> bool:
        return self._run(lambda counter: counter.hit(_item(limit.name, rate), limit.subject))

    def _test(self, limit: Limit, rate: Rate) -> bool:
        return self._run(lambda counter: counter.test(_item(limit.name, rate), limit.subject))

    def _refuse(self, full: list[tuple[Limit, Rate]]) -> NoReturn:
        waits = [(self._seconds_until_room(limit, rate), limit, rate) for limit, rate in full]
        seconds, limit, rate = max(waits, key=lambda wait: wait[0])
        raise too_many(limit.name, limit.rates, rate, seconds)

    def _seconds_until_room(self, limit: Limit, rate: Rate) -> int:
        stats = self._run(lambda counter: counter.get_window_stats(_item(limit.name, rate), limit.subject))
        return max(1, math.ceil(stats.reset_time - time.time()))

    def _run(self, operation: Callable[[MovingWindowRateLimiter], T]) -> T:
        result = self._runtime.breaker.call(lambda: operation(self._in_redis), _UNAVAILABLE)
        return operation(self._in_memory) if result is _UNAVAILABLE else result  # type: ignore[return-value]

    @cached_property
    def _in_redis(self) -> MovingWindowRateLimiter:
        return MovingWindowRateLimiter(redis_storage(self._runtime))

    @cached_property
    def _in_memory(self) -> MovingWindowRateLimiter:
        return MovingWindowRateLimiter(MemoryStorage())


def redis_storage(runtime: Runtime) -> RedisStorage:
    """Return a storage on the runtime's connection pool, whose timeout is `tms.redis_timeout`."""
    return RedisStorage("redis://", connection_pool=runtime.redis.connection_pool, key_prefix=PREFIX)


def too_many(name: str, rates: Rates, exhausted: Rate, seconds: int) -> TooManyRequestsError:
    """Return the error for an exhausted rate, with its header fields. `seconds` is the value of Retry-After."""
    headers = {
        "RateLimit-Policy": ", ".join(f'"{name}-{rate.period}";q={rate.amount};w={rate.seconds}' for rate in rates),
        "RateLimit": f'"{name}-{exhausted.period}";r=0;t={seconds}',
    }
    return TooManyRequestsError(f"Too often. Try again in {_duration(seconds)}.", seconds, headers)


def _duration(seconds: int) -> str:
    if seconds < 120:
        return f"{seconds} second{'s'[: seconds > 1]}"
    return f"{math.ceil(seconds / 60)} minutes"


def _each_rate(limits: Iterable[Limit]) -> list[tuple[Limit, Rate]]:
    return [(limit, rate) for limit in limits for rate in limit.rates]


def _item(name: str, rate: Rate) -> RateLimitItemPerSecond:
    return RateLimitItemPerSecond(rate.amount, rate.seconds, namespace=name)


def includeme(config):
    config.registry.limiter = Limiter(config.registry.tms)
