"""/metrics for Prometheus: the counters of this server's processes, and metrics that packages compute at each scrape.

`tms api` makes its processes share counters through PROMETHEUS_MULTIPROC_DIR; without it, a process reports its own.
"""

import os
from collections.abc import Iterator

import redis
from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from pyramid.response import Response
from sqlalchemy.exc import SQLAlchemyError

from tms_core.metrics_access import MetricsAccess
from tms_core.registry import resolve
from tms_core.runtime import Runtime
from tms_core.web.openapi import ResponseDoc, documented
from tms_core.web.resource import open_to_all, resource

CONTENT_TYPES = ("text/plain", "application/openmetrics-text")


class PackagesCollector(Collector):
    """Collects the metrics registered with `config.add_metrics`; sources that cannot be read are omitted."""

    def __init__(self, runtime: Runtime):
        self._runtime = runtime

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily(
            "tms_metrics_up", "0 where a source could not be read at this scrape.", labels=["source"]
        )
        for name, dotted in self._runtime.registry.metrics.items():
            try:
                found = list(resolve(dotted)(self._runtime))
            except (SQLAlchemyError, redis.RedisError, OSError):
                up.add_metric([name], 0)
                continue
            up.add_metric([name], 1)
            yield from found
        yield up


def registry_of(runtime: Runtime) -> CollectorRegistry:
    registry = CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        MultiProcessCollector(registry)
    else:
        registry.register(REGISTRY)
    registry.register(PackagesCollector(runtime))
    return registry


@resource(path="/metrics")
class Metrics:
    def __init__(self, request, context=None):
        self.request = request

    @open_to_all
    @documented(
        "get_metrics",
        responses={
            200: ResponseDoc(str, "The metrics in a Prometheus text format.", content_types=CONTENT_TYPES),
            401: "The metrics token is missing or wrong.",
            403: "The metrics token is required here, but none is configured.",
        },
        needs_database=False,
    )
    def get(self):
        """Return the server's metrics. Needs `tms.metrics.token` as Bearer token, or loopback in development."""
        self.request.registry.metrics_access.check(self.request.environ.get("REMOTE_ADDR", ""), self.request.headers)
        encode, content_type = choose_encoder(self.request.headers.get("Accept", ""))
        response = Response(encode(registry_of(self.request.registry.tms)))
        response.headers["Content-Type"] = content_type
        return response


def includeme(config):
    config.registry.metrics_access = MetricsAccess(config.registry.tms.core)
    config.scan("tms_core.web.metrics")
