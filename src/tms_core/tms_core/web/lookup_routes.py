"""The routes of batch lookups, and the requests that belong to them by their head."""

import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from tms_core.auth.personal_tokens import PREFIX
from tms_core.errors import ConfigurationError
from tms_core.values import id_in
from tms_core.web.body_failures import KEY as BODY_FAILURE
from tms_core.web.lookup_responses import Lookup
from tms_core.web.path_ids import DIGITS
from tms_core.web.resource import Method
from tms_core.web.security import bearer_token

# In the environ of a request for which a lookup has been called.
LOOKED_UP = "tms.looked_up"
NO_BODY = (None, "", "0")
# Requests with these, or with a body, are left to Pyramid.
UNUSUAL = (LOOKED_UP, BODY_FAILURE, "HTTP_IF_MATCH", "HTTP_IF_UNMODIFIED_SINCE", "HTTP_TRANSFER_ENCODING")
ID_PATH = re.compile(r"(?P<parent>[^{}]+)/\{(?P<name>\w+)\}")


@dataclass(frozen=True, slots=True, eq=False)
class LookupRoute:
    """A path as in metrics, such as «/api/task/{id}», and its lookup."""

    path: str
    lookup: Lookup


@dataclass(slots=True, eq=False)
class PlainRequest:
    """A request that a lookup may answer if its token is valid; `began` is a `time.perf_counter()`."""

    route: LookupRoute
    environ: dict[str, Any]
    token: str
    path_id: int | None
    began: float


class LookupRoutes:
    """Finds the route of a request without blocking, and without the routes of Pyramid."""

    def __init__(self) -> None:
        # By path, and by the path before the id.
        self._paths: dict[str, LookupRoute] = {}
        self._parents: dict[str, LookupRoute] = {}
        # By the pattern of the resource.
        self._all: dict[str, LookupRoute] = {}

    def __iter__(self) -> Iterator[LookupRoute]:
        return iter(self._all.values())

    def add(self, path: str, lookup: Lookup) -> None:
        """Raises `ConfigurationError` for a path that is registered or has another placeholder than an id at its
        end."""
        route, with_id = LookupRoute(path, lookup), ID_PATH.fullmatch(path)
        pattern = f"{with_id['parent']}/{{{with_id['name']}:{DIGITS}}}" if with_id else path
        if pattern in self._all:
            raise ConfigurationError(f"two packages register a batch lookup at {path}")
        self._all[pattern] = route
        if with_id:
            self._parents[with_id["parent"]] = route
        elif "{" in path:
            raise ConfigurationError(f"the batch lookup at {path} may have one placeholder only: an id at the end")
        else:
            # With and without the trailing slash, which the slash tween removes.
            self._paths |= {path: route, f"{path}/": route}

    def check(self, methods: Iterable[Method]) -> None:
        """Raise `ConfigurationError` for a path without a GET that needs a token."""
        patterns = {one.pattern for one in methods if one.verb == "GET" and not one.is_open}
        for pattern, route in self._all.items():
            if pattern not in patterns:
                raise ConfigurationError(f"the batch lookup at {route.path} has no resource with a GET with a token")

    def match(self, environ: dict[str, Any]) -> PlainRequest | None:
        """Return the request if it is plain and belongs to a route, else None. Its token has not been verified."""
        if environ["REQUEST_METHOD"] != "GET":
            return None
        path, path_id = environ["PATH_INFO"], None
        route = self._paths.get(path)
        if route is None:
            parent, _, last = path.removesuffix("/").rpartition("/")
            route = self._parents.get(parent)
            if route is None or (path_id := id_in(last)) is None:
                return None
        if environ.get("CONTENT_LENGTH") not in NO_BODY or "HTTP_HOST" not in environ:
            return None
        for name in UNUSUAL:
            if name in environ:
                return None
        token = bearer_token(environ)
        if token is None or token.startswith(PREFIX):
            return None
        return PlainRequest(route, environ, token, path_id, time.perf_counter())
