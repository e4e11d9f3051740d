"""Requests to cached routes, and their responses, without Pyramid's and WebOb's."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from tms_core.permissions import Actor
from tms_core.web.caching import REVALIDATED
from tms_core.web.preconditions import Validators, failed_status

STATUS_LINES = {200: "200 OK", 304: "304 Not Modified"}


@dataclass(frozen=True, slots=True)
class CachedRequest:
    """An authenticated GET request without a body, and with no precondition but If-None-Match.

    `application_url` is the public base URL, `query` the unparsed query string. `environ` is that of WSGI: what a
    lookup stores in it is available to the view.
    """

    environ: dict[str, Any]
    actor: Actor
    application_url: str

    @property
    def method(self) -> str:
        return "GET"

    @property
    def query(self) -> str:
        text: str = self.environ.get("QUERY_STRING", "")
        return text


@dataclass(frozen=True, slots=True)
class CachedResponse:
    """A body with its strong entity tag, without quotes."""

    body: bytes
    tag: str
    content_type: str = "application/json"
    cache_control: str = REVALIDATED


Lookup = Callable[[CachedRequest], CachedResponse | None]


@dataclass(frozen=True, slots=True)
class WsgiResponse:
    """A complete response as a WSGI application."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response(STATUS_LINES[self.status], self.headers)
        return [self.body]


def response_to(request: CachedRequest, found: CachedResponse) -> WsgiResponse:
    """Return the cached response, or a 304 if the client has it already."""
    tag = f'"{found.tag}"'
    validators = [("ETag", tag), ("Cache-Control", found.cache_control)]
    if "HTTP_IF_NONE_MATCH" in request.environ and failed_status(request, Validators(tag)) == 304:
        return WsgiResponse(304, validators, b"")
    content = [("Content-Type", found.content_type), ("Content-Length", str(len(found.body)))]
    return WsgiResponse(200, content + validators, found.body)
