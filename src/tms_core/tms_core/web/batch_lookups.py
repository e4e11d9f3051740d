"""Batch lookups: GET requests that are answered before Pyramid creates its request (docs/adr/0011).

A lookup gets the plain requests to its route that are waiting, and reads for all of them in one round trip. If it finds
no response to one of them, Pyramid handles that request as if there were no lookup. All that applies to other requests
applies here too: token, limits, preconditions, headers, log and metrics. Tweens and view derivers of other packages do
not.

`tms_core.server` answers batches in a thread per route. Under other WSGI servers, the execution policy of this module
answers batches of one.
"""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

from pyramid.config import PHASE3_CONFIG
from pyramid.interfaces import IExecutionPolicy
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from tms_core.errors import TmsError
from tms_core.permissions import Actor
from tms_core.web.lookup_responses import HttpResponse, Lookup, LookupRequest, response_to
from tms_core.web.lookup_routes import LOOKED_UP, LookupRoute, LookupRoutes, PlainRequest
from tms_core.web.public_url import BadHostError, PublicUrl, application_url
from tms_core.web.request_limits import apply_limits
from tms_core.web.resource import methods_of
from tms_core.web.response_completion import ResponseCompletion

log = logging.getLogger(__name__)
Policy = Callable[[dict[str, Any], Any], Any]
# Failures of one request, and of all, that Pyramid's way reports.
REFUSED = (TmsError, BadHostError)
REPORTED = (TmsError, DBAPIError, PoolTimeoutError)


class BatchLookups:
    """The lookups of an application, and a Pyramid execution policy that passes requests without a response on."""

    def __init__(self, registry: Any):
        self._registry = registry
        self.routes = LookupRoutes()

    def install(self) -> None:
        """Put this policy before the current one; raises `ConfigurationError` for a path without a signed-in GET."""
        self.routes.check(methods_of(self._registry))
        self._public_url = PublicUrl(self._registry.tms.core)
        self._completion = ResponseCompletion(self._registry.tms.core)
        self._next: Policy = self._registry.getUtility(IExecutionPolicy)
        self._registry.registerUtility(self, IExecutionPolicy)

    def __call__(self, environ: dict[str, Any], router: Any) -> Any:
        request = self.routes.match(environ)
        if request is not None and (response := self.answer(request.route, [request])[0]):
            return response
        return self.pass_on(environ, router)

    def pass_on(self, environ: dict[str, Any], router: Any) -> Any:
        """Handle a request without a lookup."""
        return self._next(environ, router)

    def answer(self, route: LookupRoute, plain: Sequence[PlainRequest]) -> list[HttpResponse | None]:
        """Return the responses to requests to one route, in their order; None for those that Pyramid must answer.

        Requests that were passed to this method are not looked up again.
        """
        responses: list[HttpResponse | None] = [None] * len(plain)
        for one in plain:
            one.environ[LOOKED_UP] = True
        try:
            admitted = self._admitted(plain)
            found = route.lookup([request for _, request in admitted]) if admitted else ()
            if len(found) != len(admitted):
                raise RuntimeError(f"{len(found)} responses to {len(admitted)} requests")
            for (place, request), response in zip(admitted, found, strict=True):
                if response is not None:
                    complete = response_to(request, response)
                    self._completion.complete(request, complete, route.path, plain[place].began)
                    responses[place] = complete
        except REPORTED:
            pass
        except Exception:
            log.exception("the lookup of %s failed; its view answers", route.path)
        return responses

    def _admitted(self, plain: Sequence[PlainRequest]) -> list[tuple[int, LookupRequest]]:
        """Authenticate and count the requests; return those that a lookup may answer, with their places."""
        registry, now, is_refreshed = self._registry, time.time(), False
        admitted = []
        for place, one in enumerate(plain):
            environ = one.environ
            try:
                changes = self._public_url.changes(environ)
                claims = registry.access_tokens.read(one.token, now)
                if claims is None:
                    continue
                if not is_refreshed:
                    registry.revocations.refresh()
                    is_refreshed = True
                if registry.revocations.knows(claims):
                    continue
                apply_limits(registry.request_limits, environ, claims.user_id)
            except REFUSED:
                continue
            actor = Actor(claims.user_id, claims.is_admin, is_from_token=True)
            admitted.append((place, LookupRequest(environ, actor, application_url(environ, changes), one.path_id)))
        return admitted


def add_batch_lookup(config, path: str, lookup: Lookup) -> None:
    """Register a lookup for GET requests to a path, such as «/api/task» or «/api/task/{id}».

    The lookup is a callable that takes a sequence of `LookupRequest` and returns for each a `LookupResponse`, or None
    to leave the request to the view. The only placeholder that a path may have is an id as its last segment.
    """
    config.registry.batch_lookups.routes.add(path, lookup)


def includeme(config):
    config.registry.batch_lookups = BatchLookups(config.registry)
    config.add_directive("add_batch_lookup", add_batch_lookup, action_wrap=False)
    # After pyramid_retry has set its policy.
    config.action(None, config.registry.batch_lookups.install, order=PHASE3_CONFIG + 10)
