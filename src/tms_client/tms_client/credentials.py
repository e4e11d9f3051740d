"""What a client shows to be let in."""

from typing import Protocol


class Credentials(Protocol):
    def token(self) -> str | None:
        """A token that should hold for the next request; None to ask without one."""
        ...

    def renewed(self, refused: str | None) -> str | None:
        """A token to try in place of one that the server refused; None where there is no other."""
        ...

    def end(self) -> None:
        """Log out, where that means anything; says nothing of a failure."""
        ...


class FixedToken:
    """A personal token (`tms_…`), or any other that somebody else renews; None where nobody is signed in."""

    def __init__(self, token: str | None):
        self._token = token

    def token(self) -> str | None:
        return self._token

    def renewed(self, refused: str | None) -> str | None:
        return None

    def end(self) -> None:
        pass
