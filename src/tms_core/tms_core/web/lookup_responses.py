"""Requests to batch lookups, and their responses, without Pyramid's and WebOb's."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from tms_core.permissions import Actor
from tms_core.web.caching import REVALIDATED
from tms_core.web.preconditions import Validators, failed_status, http_date

STATUS_LINES = {200: "200 OK", 304: "304 Not Modified"}


@dataclass(frozen=True, slots=True)
class LookupRequest:
    """An authenticated GET request without a body, and with no precondition but If-None-Match and If-Modified-Since.

    `application_url` is the public base URL, `query` the unparsed query string, `path_id` the id in the path, or None
    if the route has none. `environ` is that of WSGI: what a lookup stores in it is available to the view.
    """

    environ: dict[str, Any]
    actor: Actor
    application_url: str
    path_id: int | None = None

    @property
    def method(self) -> str:
        return "GET"

    @property
    def query(self) -> str:
        text: str = self.environ.get("QUERY_STRING", "")
        return text


@dataclass(frozen=True, slots=True)
class LookupResponse:
    """A body with its strong entity tag, without quotes, and its Last-Modified, or None for none."""

    body: bytes
    tag: str
    modified: datetime | None = None
    content_type: str = "application/json"
    cache_control: str = REVALIDATED


# Returns as many responses as it gets requests, in their order; None leaves a request to its view.
Lookup = Callable[[Sequence[LookupRequest]], Sequence[LookupResponse | None]]


class HttpResponse(NamedTuple):
    """A complete response; also a WSGI application."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response(STATUS_LINES[self.status], self.headers)
        return [self.body]


def response_to(request: LookupRequest, found: LookupResponse) -> HttpResponse:
    """Return the response of a lookup, or a 304 if the client has it already."""
    tag = f'"{found.tag}"'
    validators = [("ETag", tag), ("Cache-Control", found.cache_control)]
    if found.modified is not None:
        validators.append(("Last-Modified", http_date(found.modified)))
    environ = request.environ
    is_conditional = "HTTP_IF_NONE_MATCH" in environ or "HTTP_IF_MODIFIED_SINCE" in environ
    if is_conditional and failed_status(request, Validators(tag, found.modified)) == 304:
        return HttpResponse(304, validators, b"")
    content = [("Content-Type", found.content_type), ("Content-Length", str(len(found.body)))]
    return HttpResponse(200, content + validators, found.body)
