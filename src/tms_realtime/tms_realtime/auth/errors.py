"""Rejections of a handshake."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from tms_core.error_codes import NOT_AUTHENTICATED, SCOPE_MISSING, ErrorCode
from tms_realtime import error_codes as codes

Headers = tuple[tuple[str, str], ...]
# Sent with limits on connections, which are free again when others disconnect.
RETRY_AFTER: Headers = (("Retry-After", "5"),)


class HandshakeRejectedError(Exception):
    """The handshake is rejected with an HTTP status; `str(error)` is the detail for the client.

    `params` are those that the code names.
    """

    def __init__(
        self,
        status: HTTPStatus,
        message: str,
        code: ErrorCode,
        headers: Headers = (),
        *,
        params: Mapping[str, Any] | None = None,
    ):
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = headers
        self.params = params or {}


def unavailable(what: str, code: ErrorCode) -> HandshakeRejectedError:
    """Return a 503 for a dependency that is down; `what` names it."""
    headers: Headers = (("Retry-After", "1"),)
    return HandshakeRejectedError(HTTPStatus.SERVICE_UNAVAILABLE, f"{what} is unavailable", code, headers)


def too_many(limit: int) -> HandshakeRejectedError:
    """Return a 429 for a user who has `limit` connections already."""
    message = f"this user has {limit} connections here (tms.realtime.connections_per_user)"
    code, params = codes.TOO_MANY_CONNECTIONS, {"maximum": limit}
    return HandshakeRejectedError(HTTPStatus.TOO_MANY_REQUESTS, message, code, RETRY_AFTER, params=params)


def unauthorized(message: str, error: str = "") -> HandshakeRejectedError:
    """Return a 401; `error` is the error code of the challenge (RFC 6750, 3.1)."""
    challenge = f'Bearer error="{error}"' if error else "Bearer"
    headers: Headers = (("WWW-Authenticate", challenge),)
    return HandshakeRejectedError(HTTPStatus.UNAUTHORIZED, message, NOT_AUTHENTICATED, headers)


def insufficient_scope(scope: str) -> HandshakeRejectedError:
    """Return a 403 for a personal token without the scope (RFC 6750, 3.1)."""
    challenge = f'Bearer error="insufficient_scope", scope="{scope}"'
    message = f"this personal token lacks the scope {scope}"
    headers: Headers = (("WWW-Authenticate", challenge),)
    return HandshakeRejectedError(HTTPStatus.FORBIDDEN, message, SCOPE_MISSING, headers, params={"scope": scope})
