"""Cross-origin requests (CORS, WHATWG Fetch standard) for the origins in `tms.cors_origins`.

Tokens are sent in a header, never in a cookie, so no response allows credentials.
"""

from pyramid.response import Response

METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"
REQUEST_HEADERS = (
    "Authorization, Content-Type, If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since, Idempotency-Key, "
    "X-Request-ID"
)
EXPOSED_HEADERS = "ETag, Location, RateLimit, RateLimit-Policy, Retry-After, X-Request-ID, Link"
PREFLIGHT_SECONDS = "7200"


def cors_tween_factory(handler, registry):
    origins = frozenset(registry.tms.core.cors_origins)
    if not origins:
        return handler

    def cors_tween(request):
        origin = request.headers.get("Origin")
        is_allowed = origin is not None and ("*" in origins or origin in origins)
        is_preflight = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
        response = _preflight() if is_allowed and is_preflight else handler(request)
        if is_allowed:
            response.headers["Access-Control-Allow-Origin"] = "*" if "*" in origins else origin
            response.headers["Access-Control-Expose-Headers"] = EXPOSED_HEADERS
        if "*" not in origins:
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
