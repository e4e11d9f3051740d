"""Why somebody does not come in."""

from http import HTTPStatus

Headers = tuple[tuple[str, str], ...]
# For those who may come when others have gone.
RETRY_AFTER: Headers = (("Retry-After", "5"),)


class HandshakeRejectedError(Exception):
    """The handshake ends with this HTTP status; `str(error)` is the sentence for the client."""

    def __init__(self, status: HTTPStatus, message: str, headers: Headers = ()):
        super().__init__(message)
        self.status = status
        self.headers = headers


def away(what: str) -> HandshakeRejectedError:
    return HandshakeRejectedError(HTTPStatus.SERVICE_UNAVAILABLE, f"{what} is away", (("Retry-After", "1"),))


def too_many(most: int) -> HandshakeRejectedError:
    """For a user's connection beyond these."""
    message = f"this user has {most} connections here (tms.realtime.connections_per_user)"
    return HandshakeRejectedError(HTTPStatus.TOO_MANY_REQUESTS, message, RETRY_AFTER)


def unauthorized(message: str, error: str = "") -> HandshakeRejectedError:
    challenge = f'Bearer error="{error}"' if error else "Bearer"
    return HandshakeRejectedError(HTTPStatus.UNAUTHORIZED, message, (("WWW-Authenticate", challenge),))


def lacking(scope: str) -> HandshakeRejectedError:
    """For a personal token that does not reach so far (RFC 6750, 3.1)."""
    challenge = f'Bearer error="insufficient_scope", scope="{scope}"'
    message = f"this personal token lacks the scope {scope}"
    return HandshakeRejectedError(HTTPStatus.FORBIDDEN, message, (("WWW-Authenticate", challenge),))
