"""Rejections of a handshake."""

from http import HTTPStatus

Headers = tuple[tuple[str, str], ...]
# Sent with limits on connections, which are free again when others disconnect.
RETRY_AFTER: Headers = (("Retry-After", "5"),)


class HandshakeRejectedError(Exception):
    """The handshake is rejected with an HTTP status; `str(error)` is the detail for the client."""

    def __init__(self, status: HTTPStatus, message: str, headers: Headers = ()):
        super().__init__(message)
        self.status = status
        self.headers = headers


def unavailable(what: str) -> HandshakeRejectedError:
    """Return a 503 for a dependency that is down; `what` names it."""
    return HandshakeRejectedError(HTTPStatus.SERVICE_UNAVAILABLE, f"{what} is unavailable", (("Retry-After", "1"),))


def too_many(limit: int) -> HandshakeRejectedError:
    """Return a 429 for a user who has `limit` connections already."""
    message = f"this user has {limit} connections here (tms.realtime.connections_per_user)"
    return HandshakeRejectedError(HTTPStatus.TOO_MANY_REQUESTS, message, RETRY_AFTER)


def unauthorized(message: str, error: str = "") -> HandshakeRejectedError:
    """Return a 401; `error` is the error code of the challenge (RFC 6750, 3.1)."""
    challenge = f'Bearer error="{error}"' if error else "Bearer"
    return HandshakeRejectedError(HTTPStatus.UNAUTHORIZED, message, (("WWW-Authenticate", challenge),))


def insufficient_scope(scope: str) -> HandshakeRejectedError:
    """Return a 403 for a personal token without the scope (RFC 6750, 3.1)."""
    challenge = f'Bearer error="insufficient_scope", scope="{scope}"'
    message = f"this personal token lacks the scope {scope}"
    return HandshakeRejectedError(HTTPStatus.FORBIDDEN, message, (("WWW-Authenticate", challenge),))
