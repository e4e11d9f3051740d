"""Begins, renews and ends sessions under the rate limits of the API."""

from pyramid.response import Response

from tms_api.device_cookies import remember_device
from tms_api.rate_limits.attempt_limits import key_of, password_attempt_limits
from tms_api.rate_limits.limiter import Limit
from tms_api.settings import ApiSettings
from tms_core.models import User
from tms_core.services.tokens import ClientInfo, TokenPair, TokenService, create_service
from tms_core.web.client_address import client_address, client_network

MAX_USER_AGENT_LENGTH = 120


def token_service(request) -> TokenService:
    client_info = ClientInfo(_user_agent(request), client_address(request) or None)
    return create_service(request.registry.tms, request.db, client_info)


def _user_agent(request) -> str | None:
    """Return the shortened User-Agent in printable ASCII, or None without one."""
    text = " ".join((request.user_agent or "").split())[:MAX_USER_AGENT_LENGTH]
    return "".join(letter if letter.isascii() and letter.isprintable() else "?" for letter in text) or None


class SignIn:
    """Implements `tms_core.web.sign_in.SignIn`."""

    def __init__(self, request):
        self._request = request
        self._limiter = request.registry.limiter
        self._settings = request.registry.tms.settings(ApiSettings)
        self._tokens = token_service(request)

    def authenticate(self, username: str, password: str) -> User | None:
        limits = self._session_limits(username)
        self._limiter.require_room(*limits)
        attempts = password_attempt_limits(self._request, username)
        user = attempts.attempt(lambda: self._tokens.authenticate(username, password))
        if user is not None:
            self._limiter.count(*limits)
        return user

    def begin_session(self, user: User) -> TokenPair:
        return self._tokens.begin_session(user)

    def refresh(self, token: str) -> TokenPair | None:
        self._count()
        return self._tokens.refresh(token)

    def revoke(self, token: str) -> None:
        self._count()
        self._tokens.revoke(token)

    def remember_device(self, response: Response, user: User) -> None:
        remember_device(self._request, response, user)

    def _count(self) -> None:
        self._limiter.count(Limit("refresh", self._settings.limit_refresh, client_network(self._request)))

    def _session_limits(self, account: str) -> tuple[Limit, Limit]:
        """Return the limits of successful sign-ins, which cost a password hash and create a session."""
        return (
            Limit("session-account", self._settings.limit_session_account, key_of(account)),
            Limit("session-address", self._settings.limit_session_address, client_network(self._request)),
        )
