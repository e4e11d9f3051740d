"""Encodes HTTP responses that are not event streams."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson

from tms_core.error_codes import ErrorCode, code_of_status
from tms_realtime import metrics
from tms_realtime.auth.errors import HandshakeRejectedError

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


def problem(
    status: int,
    detail: str,
    headers: Sequence[Header] = (),
    *,
    code: ErrorCode | None = None,
    params: Mapping[str, Any] | None = None,
) -> bytes:
    """Return a problem document (RFC 9457), and count it; `code` defaults to the one of the status."""
    metrics.REFUSED.labels(int(status)).inc()
    title = HTTPStatus(status).phrase
    document = {"type": "about:blank", "title": title, "status": int(status)}
    document |= {"code": (code or code_of_status(status)).name, "detail": detail}
    if params:
        document["params"] = params
    body = orjson.dumps(document)
    return http_response(status, [*headers, ("Content-Type", "application/problem+json")], body)


def rejection(error: HandshakeRejectedError, more: Sequence[Header] = ()) -> bytes:
    """Return the problem document of a rejected handshake; `more` are additional headers."""
    return problem(error.status, str(error), [*error.headers, *more], code=error.code, params=error.params)
