"""General request quotas: per user for all requests, and per network for anonymous writing requests.

Requests are counted before validation. Each process counts in memory and adds its count to Redis after every twentieth
of the limit, so that most requests need no round trip: at 60,000 per minute one in 3,000 does. Each process can exceed
the limit by at most a twentieth; small limits are exact. Windows are fixed and start at whole minutes, hours or days.
"""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from limits.storage import RedisStorage
from pyramid.security import NO_PERMISSION_REQUIRED

from tms_api.rate_limits.limiter import redis_storage, too_many
from tms_api.rates import Rate, Rates
from tms_api.settings import ApiSettings
from tms_core.errors import TooManyRequestsError
from tms_core.runtime import Runtime
from tms_core.web.client_address import client_network

USER, NETWORK = "user", "address"
PARTS = 20
MAX_COUNTERS = 10_000
BEARER = "HTTP_AUTHORIZATION"
# Exempt on open routes: health checks, HTML pages and the OpenAPI document are cheap and must stay available.
UNCOUNTED = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(slots=True)
class Counter:
    """`known` is the count of all processes at the last synchronisation, `unsynced` this process's count since then."""

    window: int
    known: int = 0
    unsynced: int = 0


class Quota:
    """A quota per user or per network, as `name` says."""

    def __init__(self, runtime: Runtime, rates: Rates, clock: Callable[[], float] = time.time, *, name: str = USER):
        self._runtime = runtime
        self._name = name
        self._rates = rates
        self._clock = clock
        self._counters: dict[tuple[int | str, Rate], Counter] = {}
        self._lock = threading.Lock()

    def spend(self, subject: int | str) -> None:
        """Count a request. Raises `TooManyRequestsError` if the quota is exhausted."""
        now = self._clock()
        for rate in self._rates:
            if not self._has_room(subject, rate, int(now) // rate.seconds):
                raise too_many(self._name, self._rates, rate, math.ceil(rate.seconds - now % rate.seconds))

    def _has_room(self, subject: int | str, rate: Rate, window: int) -> bool:
        with self._lock:
            counter = self._counter(subject, rate, window)
            # Known to be exhausted: no further synchronisation is needed.
            if counter.known >= rate.amount:
                return False
            counter.unsynced += 1
            if counter.unsynced < max(1, rate.amount // PARTS):
                return counter.known + counter.unsynced <= rate.amount
            amount, counter.unsynced = counter.unsynced, 0
            counter.known += amount
        counter.known = max(counter.known, self._add(subject, rate, window, amount))
        return counter.known <= rate.amount

    def _counter(self, subject: int | str, rate: Rate, window: int) -> Counter:
        found = self._counters.get((subject, rate))
        if found is not None and found.window == window:
            return found
        if len(self._counters) >= MAX_COUNTERS:
            self._counters.clear()
        self._counters[subject, rate] = found = Counter(window)
        return found

    def _add(self, subject: int | str, rate: Rate, window: int, amount: int) -> int:
        """Add to the count in Redis and return it, or return 0 while Redis is unavailable."""
        key = f"{self._name}:{subject}:{rate.period}:{window}"
        return self._runtime.breaker.call(lambda: self._redis.incr(key, rate.seconds, amount), 0)

    @cached_property
    def _redis(self) -> RedisStorage:
        return redis_storage(self._runtime)


def open_quota_deriver(view, info):
    """Pyramid view deriver that counts the writing requests to open routes, in every package."""
    if info.exception_only or info.options.get("permission") != NO_PERMISSION_REQUIRED:
        return view
    quota: Quota | None = info.registry.quota
    network_quota: Quota | None = info.registry.network_quota

    def counting_view(context, request):
        if request.method not in UNCOUNTED:
            claims = _claims_of(request)
            if claims and quota:
                quota.spend(claims.user_id)
            elif network_quota and not claims:
                network_quota.spend(client_network(request))
        return view(context, request)

    return counting_view


def _claims_of(request):
    """Return the claims of a request on an open route, or None if it has none or the token lookup is rate limited."""
    # Avoids a database connection for requests without a token.
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
    if config.registry.quota:
        config.add_request_limit(config.registry.quota.spend)
    config.add_view_deriver(open_quota_deriver)
