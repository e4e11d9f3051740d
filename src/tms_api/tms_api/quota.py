"""How many requests one user may make, whatever they are, and one network without a sign-in to operations that need
none; counted before anything of a request is validated, and without Redis for nearly all of them.

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
from tms_core.errors import TooManyRequestsError
from tms_core.runtime import Runtime
from tms_core.web.client_address import client_network

USER, NETWORK = "user", "address"
PARTS = 20
MAX_COUNTERS = 10_000
BEARER = "HTTP_AUTHORIZATION"
# Health checks, pages and descriptions: they cost next to nothing, and must come through.
UNCOUNTED = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(slots=True)
class Counter:
    """`known` is what all processes had counted when this one last told, `untold` its own since then."""

    window: int
    known: int = 0
    untold: int = 0


class Quota:
    """`name` is what is counted: users, or networks."""

    def __init__(self, runtime: Runtime, rates: Rates, clock: Callable[[], float] = time.time, *, name: str = USER):
        self._runtime = runtime
        self._name = name
        self._rates = rates
        self._clock = clock
        self._counters: dict[tuple[int | str, Rate], Counter] = {}
        self._lock = threading.Lock()

    def spend(self, who: int | str) -> None:
        """Count a request; raises `TooManyRequestsError` where it is one too many."""
        now = self._clock()
        for rate in self._rates:
            if not self._has_room(who, rate, int(now) // rate.seconds):
                raise too_many(self._name, self._rates, rate, math.ceil(rate.seconds - now % rate.seconds))

    def _has_room(self, who: int | str, rate: Rate, window: int) -> bool:
        with self._lock:
            counter = self._counter(who, rate, window)
            # Known to be used up: nobody needs to hear of it again.
            if counter.known >= rate.amount:
                return False
            counter.untold += 1
            if counter.untold < max(1, rate.amount // PARTS):
                return counter.known + counter.untold <= rate.amount
            telling, counter.untold = counter.untold, 0
            counter.known += telling
        counter.known = max(counter.known, self._tell(who, rate, window, telling))
        return counter.known <= rate.amount

    def _counter(self, who: int | str, rate: Rate, window: int) -> Counter:
        found = self._counters.get((who, rate))
        if found is not None and found.window == window:
            return found
        if len(self._counters) >= MAX_COUNTERS:
            self._counters.clear()
        self._counters[who, rate] = found = Counter(window)
        return found

    def _tell(self, who: int | str, rate: Rate, window: int, amount: int) -> int:
        """Add to the count of all processes; returns that, and 0 while Redis is away: then our own has to do."""
        key = f"{self._name}:{who}:{rate.period}:{window}"
        return self._runtime.breaker.call(lambda: self._redis.incr(key, rate.seconds, amount), 0)

    @cached_property
    def _redis(self) -> RedisStorage:
        return redis_storage(self._runtime)


def within_quota(view, info):
    """Pyramid's view deriver: a request spends its caller's quota before the view is called, in every package."""
    if info.exception_only:
        return view
    is_open = info.options.get("permission") == NO_PERMISSION_REQUIRED
    quota: Quota | None = info.registry.quota
    network_quota: Quota | None = info.registry.network_quota if is_open else None

    def spending_view(context, request):
        if not is_open or request.method not in UNCOUNTED:
            claims = _claims_of(request) if is_open else request.claims
            if claims and quota:
                quota.spend(claims.user_id)
            elif network_quota and not claims:
                network_quota.spend(client_network(request))
        return view(context, request)

    return spending_view


def _claims_of(request):
    """The claims of a request that needs none; None too where its token may not be looked up just now."""
    # Without a header nobody looks for claims: that would open a connection to the database.
    if BEARER not in request.environ:
        return None
    try:
        return request.claims
    except TooManyRequestsError:
        return None


def includeme(config):
    runtime = config.registry.tms
    settings = runtime.settings(ApiSettings)
    config.registry.quota = Quota(runtime, settings.limit_user) if settings.limit_user else None
    config.registry.network_quota = (
        Quota(runtime, settings.limit_address, name=NETWORK) if settings.limit_address else None
    )
    config.add_view_deriver(within_quota)
