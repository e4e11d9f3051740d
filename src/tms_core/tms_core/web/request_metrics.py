"""Counting requests and their times, by the pattern of their route."""

import time

from prometheus_client import Counter, Histogram
from pyramid.tweens import INGRESS
from pyramid_retry import is_error_retryable

REQUESTS = Counter("tms_http_requests", "Requests that were answered.", ["method", "route", "status"])
SECONDS = Histogram(
    "tms_http_request_seconds",
    "Time from the request to its answer.",
    ["method", "route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
# Names and paths that others make up must not make a series each.
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER_METHOD = "other"
NO_ROUTE = "none"


def metrics_tween_factory(handler, registry):
    def metrics_tween(request):
        began = time.perf_counter()
        response = handler(request)
        # An attempt that pyramid_retry repeats is no answer.
        if request.exception is None or not is_error_retryable(request, request.exception):
            _count(request, response.status_int, time.perf_counter() - began)
        return response

    return metrics_tween


def _count(request, status: int, seconds: float) -> None:
    route = getattr(request, "matched_route", None)
    pattern = route.pattern if route else NO_ROUTE
    method = request.method if request.method in METHODS else OTHER_METHOD
    REQUESTS.labels(method, pattern, status).inc()
    SECONDS.labels(method, pattern).observe(seconds)


def includeme(config):
    config.add_tween("tms_core.web.request_metrics.metrics_tween_factory", under=INGRESS)
