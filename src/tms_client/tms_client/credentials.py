"""Sources of access tokens."""

from typing import Protocol


class Credentials(Protocol):
    def token(self) -> str | None:
        """Return a token for the next request, or None to send it without one."""
        ...

    def renewed(self, refused: str | None) -> str | None:
        """Return a token to replace one that the server refused, or None if there is no other."""
        ...

    def end(self) -> None:
        """Sign out if there is a session to end; failures are ignored."""
        ...


class FixedToken:
    """A token that this library does not renew, such as a personal token (`tms_…`); None sends no token."""

    def __init__(self, token: str | None):
        self._token = token

    def token(self) -> str | None:
        return self._token

    def renewed(self, refused: str | None) -> str | None:
        return None

    def end(self) -> None:
        pass
