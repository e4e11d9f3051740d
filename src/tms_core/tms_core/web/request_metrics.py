"""Request counts and durations by route pattern."""

import re
import time
from functools import lru_cache

from prometheus_client import Counter, Histogram
from pyramid_retry import is_error_retryable

REQUESTS = Counter("tms_http_requests", "Requests that were answered.", ["method", "route", "status"])
SECONDS = Histogram(
    "tms_http_request_seconds",
    "Time from the request to its answer.",
    ["method", "route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
# Arbitrary methods and paths must not create a time series each.
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER_METHOD = "other"
NO_ROUTE = "none"


def metrics_tween_factory(handler, registry):
    def metrics_tween(request):
        began = time.perf_counter()
        try:
            response = handler(request)
        except Exception as error:
            _count(request, 500, began, error)
            raise
        _count(request, response.status_int, began, request.exception)
        return response

    return metrics_tween


def _count(request, status: int, began: float, error: Exception | None) -> None:
    # pyramid_retry repeats the request, so this is not the response.
    if error is not None and is_error_retryable(request, error):
        return
    route = getattr(request, "matched_route", None)
    path = _readable(route.pattern) if route else NO_ROUTE
    method = request.method if request.method in METHODS else OTHER_METHOD
    count_request(method, path, status, time.perf_counter() - began)


def count_request(method: str, path: str, status: int, seconds: float) -> None:
    """Count a request; `path` is the readable pattern of its route."""
    requests, durations = _series(method, path, status)
    requests.inc()
    durations.observe(seconds)


@lru_cache(maxsize=4096)
def _series(method: str, path: str, status: int) -> tuple[Counter, Histogram]:
    """Return the series of these labels, whose look-up by name would take longer than counting."""
    return REQUESTS.labels(method, path, status), SECONDS.labels(method, path)


@lru_cache
def _readable(pattern: str) -> str:
    r"""Return `/api/task/{id}` for `/api/task/{id:\d+}`."""
    return re.sub(r"\{(\w+):[^}]*\}", r"{\1}", pattern)
