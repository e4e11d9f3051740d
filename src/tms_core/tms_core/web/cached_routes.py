"""Cached routes: GET requests that are answered from a cache before Pyramid creates its request (docs/adr/0011).

A lookup gets each plain request to its route. If it finds no response, Pyramid handles the request as if there were no
lookup. All that applies to other requests applies here too: token, limits, preconditions, headers, log and metrics.
Tweens and view derivers of other packages do not.
"""

import logging
import time
from collections.abc import Callable
from typing import Any

from pyramid.config import PHASE3_CONFIG
from pyramid.interfaces import IExecutionPolicy
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from tms_core.auth.personal_tokens import PREFIX
from tms_core.errors import ConfigurationError, TmsError
from tms_core.permissions import Actor
from tms_core.web.body_failures import KEY as BODY_FAILURE
from tms_core.web.cached_responses import CachedRequest, Lookup, WsgiResponse, response_to
from tms_core.web.public_url import BadHostError, PublicUrl, application_url
from tms_core.web.request_limits import apply_limits
from tms_core.web.resource import methods_of
from tms_core.web.response_completion import ResponseCompletion
from tms_core.web.security import bearer_token

log = logging.getLogger(__name__)
Policy = Callable[[dict[str, Any], Any], Any]
# Requests with these, or with a body, are left to Pyramid.
UNUSUAL = (BODY_FAILURE, "HTTP_IF_MATCH", "HTTP_IF_UNMODIFIED_SINCE", "HTTP_TRANSFER_ENCODING")
# Failures that Pyramid's way reports.
REPORTED = (TmsError, BadHostError, DBAPIError, PoolTimeoutError)


class CachedRoutes:
    """A Pyramid execution policy that passes requests without a cached response to the next policy."""

    def __init__(self, registry: Any):
        self._registry = registry
        self._lookups: dict[str, Lookup] = {}

    def add(self, path: str, lookup: Lookup) -> None:
        if path in self._lookups:
            raise ConfigurationError(f"two packages register a cached route at {path}")
        self._lookups[path] = lookup

    def install(self) -> None:
        """Put this policy before the current one; raises `ConfigurationError` for a path without a signed-in GET."""
        patterns = {one.pattern for one in methods_of(self._registry) if one.verb == "GET" and not one.is_open}
        for path in self._lookups:
            if path not in patterns:
                raise ConfigurationError(f"the cached route {path} is no resource with a GET that needs a token")
        # With and without the trailing slash, which the slash tween removes.
        self._paths = {path + end: path for path in self._lookups for end in ("", "/")}
        self._public_url = PublicUrl(self._registry.tms.core)
        self._completion = ResponseCompletion(self._registry.tms.core)
        self._next: Policy = self._registry.getUtility(IExecutionPolicy)
        self._registry.registerUtility(self, IExecutionPolicy)

    def __call__(self, environ: dict[str, Any], router: Any) -> Any:
        path = self._paths.get(environ["PATH_INFO"])
        if path is not None and _is_plain(environ) and (response := self._cached(path, environ)):
            return response
        return self.pass_on(environ, router)

    def pass_on(self, environ: dict[str, Any], router: Any) -> Any:
        """Handle a request without a lookup."""
        return self._next(environ, router)

    def _cached(self, path: str, environ: dict[str, Any]) -> WsgiResponse | None:
        began = time.perf_counter()
        try:
            request = self._request(environ)
            found = self._lookups[path](request) if request else None
        except REPORTED:
            return None
        except Exception:
            log.exception("the lookup of %s failed; its view answers", path)
            return None
        if request is None or found is None:
            return None
        response = response_to(request, found)
        self._completion.complete(request, response, path, began)
        return response

    def _request(self, environ: dict[str, Any]) -> CachedRequest | None:
        """Authenticate and count the request; None if Pyramid must answer it."""
        token = bearer_token(environ)
        if token is None or token.startswith(PREFIX):
            return None
        changes = self._public_url.changes(environ)
        claims = self._registry.access_tokens.read(token, time.time())
        if claims is None or self._registry.revocations.is_revoked(claims):
            return None
        apply_limits(self._registry.request_limits, environ, claims.user_id)
        actor = Actor(claims.user_id, claims.is_admin, is_from_token=True)
        return CachedRequest(environ, actor, application_url(environ, changes))


def _is_plain(environ: dict[str, Any]) -> bool:
    if environ["REQUEST_METHOD"] != "GET" or environ.get("CONTENT_LENGTH") not in (None, "", "0"):
        return False
    return "HTTP_HOST" in environ and not any(name in environ for name in UNUSUAL)


def add_cached_route(config, path: str, lookup: Lookup) -> None:
    """Register a lookup for GET requests to a path without placeholders, such as «/api/task»: a callable that takes a
    `CachedRequest` and returns a `CachedResponse`, or None to leave the request to the view."""
    config.registry.cached_routes.add(path, lookup)


def includeme(config):
    config.registry.cached_routes = CachedRoutes(config.registry)
    config.add_directive("add_cached_route", add_cached_route, action_wrap=False)
    # After pyramid_retry has set its policy.
    config.action(None, config.registry.cached_routes.install, order=PHASE3_CONFIG + 10)
