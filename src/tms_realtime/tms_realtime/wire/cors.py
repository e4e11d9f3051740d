"""CORS headers of event streams, for pages whose origin the authenticator has allowed."""

from tms_realtime.wire.http_request import HttpRequest
from tms_realtime.wire.http_responses import Header

METHODS = "GET, OPTIONS"
HEADERS = "authorization, last-event-id, cache-control"


def cors_headers(request: HttpRequest) -> list[Header]:
    """Return the headers that let the page of a request read the response; none without an Origin."""
    origin = request.headers.get("origin")
    return [("Access-Control-Allow-Origin", origin), ("Vary", "Origin")] if origin else []


def preflight_headers(request: HttpRequest) -> list[Header]:
    """Return the headers of the response to a preflight request."""
    return [
        *cors_headers(request),
        ("Access-Control-Allow-Methods", METHODS),
        ("Access-Control-Allow-Headers", HEADERS),
        ("Access-Control-Max-Age", "600"),
    ]
