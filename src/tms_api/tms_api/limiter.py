"""Rate limits, counted in Redis for all processes by the library `limits`.

While Redis is away, each process counts in its own memory by the same numbers: guessing passwords becomes as many
times faster as there are processes, and not more. Answers tell the limits in the header fields of
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
_AWAY = object()


@dataclass(frozen=True, slots=True)
class Limit:
    """`who` may do what `name` says as often as `rates` allow."""

    name: str
    rates: Rates
    who: str


class Limiter:
    """Every rate holds for each stretch of its length, wherever that begins (a moving window)."""

    def __init__(self, runtime: Runtime):
        self._runtime = runtime

    def count(self, *limits: Limit) -> None:
        """Count one time for each; raises `TooManyRequestsError` where that is too often."""
        rates = list(_each(limits))
        for number, (limit, rate) in enumerate(rates):
            if not self._hit(limit, rate):
                # It takes nobody's place in the other rates: of many at once some would be refused in vain.
                self._refuse([(limit, rate), *self._full(rates[number + 1 :])])

    def require_room(self, *limits: Limit) -> None:
        """Raise `TooManyRequestsError` where one more time would be too often; counts nothing."""
        if full := self._full(_each(limits)):
            self._refuse(full)

    def has_room(self, *limits: Limit) -> bool:
        """Whether one more time is not too often; counts nothing."""
        return not self._full(_each(limits))

    def _full(self, rates: Iterable[tuple[Limit, Rate]]) -> list[tuple[Limit, Rate]]:
        return [(limit, rate) for limit, rate in rates if not self._test(limit, rate)]

    def _hit(self, limit: Limit, rate: Rate) -> bool:
        return self._ask(lambda counter: counter.hit(_item(limit.name, rate), limit.who))

    def _test(self, limit: Limit, rate: Rate) -> bool:
        return self._ask(lambda counter: counter.test(_item(limit.name, rate), limit.who))

    def _refuse(self, full: list[tuple[Limit, Rate]]) -> NoReturn:
        waits = [(self._seconds_until_room(limit, rate), limit, rate) for limit, rate in full]
        seconds, limit, rate = max(waits, key=lambda wait: wait[0])
        raise too_many(limit.name, limit.rates, rate, seconds)

    def _seconds_until_room(self, limit: Limit, rate: Rate) -> int:
        stats = self._ask(lambda counter: counter.get_window_stats(_item(limit.name, rate), limit.who))
        return max(1, math.ceil(stats.reset_time - time.time()))

    def _ask(self, question: Callable[[MovingWindowRateLimiter], T]) -> T:
        answer = self._runtime.breaker.call(lambda: question(self._in_redis), _AWAY)
        return question(self._in_memory) if answer is _AWAY else answer  # type: ignore[return-value]

    @cached_property
    def _in_redis(self) -> MovingWindowRateLimiter:
        return MovingWindowRateLimiter(redis_storage(self._runtime))

    @cached_property
    def _in_memory(self) -> MovingWindowRateLimiter:
        return MovingWindowRateLimiter(MemoryStorage())


def redis_storage(runtime: Runtime) -> RedisStorage:
    """On the process's own connections, so that nobody waits longer for Redis than `tms.redis_timeout`."""
    return RedisStorage("redis://", connection_pool=runtime.redis.connection_pool, key_prefix=PREFIX)


def too_many(name: str, rates: Rates, exhausted: Rate, seconds: int) -> TooManyRequestsError:
    headers = {
        "RateLimit-Policy": ", ".join(f'"{name}-{rate.period}";q={rate.amount};w={rate.seconds}' for rate in rates),
        "RateLimit": f'"{name}-{exhausted.period}";r=0;t={seconds}',
    }
    return TooManyRequestsError(f"Too often. Try again in {_in_words(seconds)}.", seconds, headers)


def _in_words(seconds: int) -> str:
    if seconds < 120:
        return f"{seconds} second{'s'[: seconds > 1]}"
    return f"{math.ceil(seconds / 60)} minutes"


def _each(limits: Iterable[Limit]) -> list[tuple[Limit, Rate]]:
    return [(limit, rate) for limit in limits for rate in limit.rates]


def _item(name: str, rate: Rate) -> RateLimitItemPerSecond:
    return RateLimitItemPerSecond(rate.amount, rate.seconds, namespace=name)


def includeme(config):
    config.registry.limiter = Limiter(config.registry.tms)
