"""Signing in under the limits of the deployment, for packages that keep sessions in a form of their own."""

from typing import Protocol

from tms_core.errors import NotOfferedError
from tms_core.models import User
from tms_core.registry import resolve
from tms_core.services.tokens import TokenPair


class SignIn(Protocol):
    """Begins, renews and ends sessions for one request; raises `TooManyRequestsError` where a limit is exhausted.

    Failures are returned as None, because an exception would roll back a revocation made on failure.
    """

    def __init__(self, request) -> None: ...

    def authenticate(self, username: str, password: str) -> User | None:
        """Return the active account with this user name or e-mail address, or None if the password is wrong."""

    def begin_session(self, user: User) -> TokenPair:
        """Create a session for an authenticated user."""

    def refresh(self, token: str) -> TokenPair | None:
        """Use up a refresh token and return a new pair, or None if the token is not valid."""

    def revoke(self, token: str) -> None:
        """End the session of a refresh token; unknown tokens are ignored."""

    def remember_device(self, response, user: User) -> None:
        """Mark the client as one that has signed in to the account, so that guesses by others do not lock it out."""


def sign_in_of(request) -> SignIn:
    """Return the `SignIn` of the request; raises `NotOfferedError` if no included package has registered one."""
    dotted = request.registry.tms.registry.sign_in
    if dotted is None:
        raise NotOfferedError("No included package offers signing in: add tms_api to pyramid.includes.")
    found: SignIn = resolve(dotted)(request)
    return found
