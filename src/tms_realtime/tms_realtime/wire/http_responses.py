"""Encodes HTTP responses that are not event streams."""

from collections.abc import Sequence
from http import HTTPStatus

import orjson

from tms_realtime import metrics

Header = tuple[str, str]


def http_response(status: int, headers: Sequence[Header], body: bytes = b"") -> bytes:
    """A whole answer, after which the connection is closed; no cache keeps it unless its headers say so."""
    caching = () if any(name.lower() == "cache-control" for name, _ in headers) else ("Cache-Control: no-store",)
    lines = [
        f"HTTP/1.1 {int(status)} {HTTPStatus(status).phrase}",
        *(f"{name}: {value}" for name, value in headers),
        "X-Content-Type-Options: nosniff",
        *caching,
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    return "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n" + body


def problem(status: int, detail: str, headers: Sequence[Header] = ()) -> bytes:
    """Return a problem document (RFC 9457), and count it."""
    metrics.REFUSED.labels(int(status)).inc()
    title = HTTPStatus(status).phrase
    body = orjson.dumps({"type": "about:blank", "title": title, "status": int(status), "detail": detail})
    return http_response(status, [*headers, ("Content-Type", "application/problem+json")], body)
