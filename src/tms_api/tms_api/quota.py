"""How many requests one user may make, whatever they are; counted without Redis for nearly all of them.

Each process counts by itself, and tells Redis after every twentieth part of the limit. So a request costs a look into
a dictionary, and a limit of 60,000 a minute one round trip to Redis in 3,000 requests; all processes together let at
most a twentieth each pass beyond it. Small limits are exact. Windows begin at whole minutes, hours or days.
"""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from limits.storage import RedisStorage
from pyramid.security import NO_PERMISSION_REQUIRED

from tms_api.limiter import redis_storage, too_many
from tms_api.rates import Rate, Rates
from tms_api.settings import ApiSettings
from tms_core.runtime import Runtime

NAME = "user"
PARTS = 20
MOST_COUNTERS = 10_000


@dataclass(slots=True)
class Counter:
    """`known` is what all processes had counted when this one last told, `untold` its own since then."""

    window: int
    known: int = 0
    untold: int = 0


class Quota:
    def __init__(self, runtime: Runtime, rates: Rates, clock: Callable[[], float] = time.time):
        self._runtime = runtime
        self._rates = rates
        self._clock = clock
        self._counters: dict[tuple[int, Rate], Counter] = {}
        self._lock = threading.Lock()

    def spend(self, user_id: int) -> None:
        """Count a request; raises `TooManyRequestsError` where it is one too many."""
        now = self._clock()
        for rate in self._rates:
            if not self._has_room(user_id, rate, int(now) // rate.seconds):
                raise too_many(NAME, self._rates, rate, math.ceil(rate.seconds - now % rate.seconds))

    def _has_room(self, user_id: int, rate: Rate, window: int) -> bool:
        with self._lock:
            counter = self._counter(user_id, rate, window)
            # Known to be used up: nobody needs to hear of it again.
            if counter.known >= rate.amount:
                return False
            counter.untold += 1
            if counter.untold < max(1, rate.amount // PARTS):
                return counter.known + counter.untold <= rate.amount
            telling, counter.untold = counter.untold, 0
            counter.known += telling
        counter.known = max(counter.known, self._tell(user_id, rate, window, telling))
        return counter.known <= rate.amount

    def _counter(self, user_id: int, rate: Rate, window: int) -> Counter:
        found = self._counters.get((user_id, rate))
        if found is not None and found.window == window:
            return found
        if len(self._counters) >= MOST_COUNTERS:
            self._counters.clear()
        self._counters[user_id, rate] = found = Counter(window)
        return found

    def _tell(self, user_id: int, rate: Rate, window: int, amount: int) -> int:
        """Add to the count of all processes; returns that, and 0 while Redis is away: then our own has to do."""
        key = f"{NAME}:{user_id}:{rate.period}:{window}"
        return self._runtime.breaker.call(lambda: self._redis.incr(key, rate.seconds, amount), 0)

    @cached_property
    def _redis(self) -> RedisStorage:
        return redis_storage(self._runtime)


def within_quota(view, info):
    """Pyramid's view deriver: whoever is signed in spends its quota before the view is called, in every package."""
    if info.exception_only or info.options.get("permission") == NO_PERMISSION_REQUIRED:
        return view
    quota: Quota = info.registry.quota

    def spending_view(context, request):
        if request.claims:
            quota.spend(request.claims.user_id)
        return view(context, request)

    return spending_view


def includeme(config):
    rates = config.registry.tms.settings(ApiSettings).limit_user
    if rates:
        config.registry.quota = Quota(config.registry.tms, rates)
        config.add_view_deriver(within_quota)
