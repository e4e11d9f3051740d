"""Why somebody does not come in."""

from http import HTTPStatus

Headers = tuple[tuple[str, str], ...]


class RefusedError(Exception):
    """The handshake ends with this HTTP status; `str(error)` is the sentence for the client."""

    def __init__(self, status: HTTPStatus, message: str, headers: Headers = ()):
        super().__init__(message)
        self.status = status
        self.headers = headers


def away(what: str) -> RefusedError:
    return RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, f"{what} is away", (("Retry-After", "1"),))


def unauthorized(message: str, error: str = "") -> RefusedError:
    challenge = f'Bearer error="{error}"' if error else "Bearer"
    return RefusedError(HTTPStatus.UNAUTHORIZED, message, (("WWW-Authenticate", challenge),))
