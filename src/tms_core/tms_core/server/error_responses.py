"""Error responses of the server itself: to malformed, too large or too slow heads, and where the application failed."""

import secrets
from collections.abc import Sequence
from http import HTTPStatus

import orjson

from tms_core import error_codes as codes
from tms_core.server.limits import HEAD_BYTES, HEADERS

DETAILS = {
    HTTPStatus.INTERNAL_SERVER_ERROR: "Something went wrong on our side. The server's log has more.",
    HTTPStatus.BAD_REQUEST: "This is no HTTP request.",
    HTTPStatus.REQUEST_TIMEOUT: "The head of the request did not come in time.",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: (
        f"The head of a request may have at most {HEADERS} fields and {HEAD_BYTES} bytes."
    ),
}
CODES = {
    HTTPStatus.INTERNAL_SERVER_ERROR: codes.INTERNAL_ERROR,
    HTTPStatus.BAD_REQUEST: codes.BAD_REQUEST,
    HTTPStatus.REQUEST_TIMEOUT: codes.REQUEST_TIMEOUT,
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: codes.HEAD_TOO_LARGE,
}


def error_response(status: HTTPStatus, headers: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Return a complete response with a problem document; the connection must be closed after it."""
    request_id = secrets.token_hex(8)
    document = {"type": "about:blank", "title": status.phrase, "status": status, "code": CODES[status].name}
    body = orjson.dumps({**document, "detail": DETAILS[status], "request_id": request_id})
    lines = [
        b"HTTP/1.1 %d %b" % (status, status.phrase.encode()),
        *(b"%b: %b" % header for header in headers),
        b"content-type: application/problem+json",
        b"x-content-type-options: nosniff",
        b"x-request-id: %b" % request_id.encode(),
        b"content-length: %d" % len(body),
        b"connection: close",
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body
