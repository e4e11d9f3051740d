"""Cross-origin requests (CORS, WHATWG Fetch standard) for the origins in `tms.cors_origins`.

Tokens are sent in a header, never in a cookie, so no response allows credentials.
"""

from collections.abc import Sequence

from pyramid.response import Response

METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"
REQUEST_HEADERS = (
    "Authorization, Content-Type, If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since, Idempotency-Key, "
    "X-Request-ID"
)
EXPOSED_HEADERS = "ETag, Location, RateLimit, RateLimit-Policy, Retry-After, X-Request-ID, Link"
PREFLIGHT_SECONDS = "7200"


class CorsOrigins:
    """The allowed origins; none means that CORS is off, `*` that all are allowed."""

    def __init__(self, origins: Sequence[str]):
        self._origins = frozenset(origins)
        self._allows_all = "*" in self._origins
        # Whether responses depend on the Origin header.
        self.varies = bool(self._origins) and not self._allows_all

    def __bool__(self) -> bool:
        return bool(self._origins)

    def headers(self, origin: str | None) -> dict[str, str]:
        """Return the headers of the response to a request from `origin`; empty if the origin is not allowed."""
        if origin is None or not (self._allows_all or origin in self._origins):
            return {}
        return {
            "Access-Control-Allow-Origin": "*" if self._allows_all else origin,
            "Access-Control-Expose-Headers": EXPOSED_HEADERS,
        }


def cors_tween_factory(handler, registry):
    origins = CorsOrigins(registry.tms.core.cors_origins)
    if not origins:
        return handler

    def cors_tween(request):
        headers = origins.headers(request.headers.get("Origin"))
        is_preflight = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
        response = _preflight() if headers and is_preflight else handler(request)
        response.headers.update(headers)
        if origins.varies:
            response.vary = (*(response.vary or ()), "Origin")
        return response

    return cors_tween


def _preflight() -> Response:
    return Response(
        status=204,
        headerlist=[
            ("Access-Control-Allow-Methods", METHODS),
            ("Access-Control-Allow-Headers", REQUEST_HEADERS),
            ("Access-Control-Max-Age", PREFLIGHT_SECONDS),
        ],
    )
