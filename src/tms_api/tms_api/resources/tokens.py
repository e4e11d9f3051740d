from tms_api.device_cookies import remember_device
from tms_api.openapi.operations import tokens as operations
from tms_api.rate_limits.attempt_limits import key_of, password_attempt_limits
from tms_api.rate_limits.limiter import Limit
from tms_api.resources.tags import SIGNING_IN
from tms_api.schemas.accounts import RevokedAccess
from tms_api.schemas.users import Credentials, Refresh
from tms_api.settings import ApiSettings
from tms_core.services.personal_tokens import end_personal_tokens
from tms_core.services.tokens import ClientInfo, TokenPair, TokenService, create_service
from tms_core.web.client_address import client_address, client_network
from tms_core.web.problems import problem
from tms_core.web.resource import json_response, open_to_all, resource
from tms_core.web.validation import body_of, raw_body

MAX_USER_AGENT_LENGTH = 120


def token_service(request) -> TokenService:
    client_info = ClientInfo(_user_agent(request), client_address(request) or None)
    return create_service(request.registry.tms, request.db, client_info)


def _user_agent(request) -> str | None:
    """Return the shortened User-Agent in printable ASCII, or None without one."""
    text = " ".join((request.user_agent or "").split())[:MAX_USER_AGENT_LENGTH]
    return "".join(letter if letter.isascii() and letter.isprintable() else "?" for letter in text) or None


class _Tokens:
    tag = SIGNING_IN

    def __init__(self, request, context=None):
        self.request = request
        self.tokens = token_service(request)

    def _count(self) -> None:
        rates = self.request.registry.tms.settings(ApiSettings).limit_refresh
        self.request.registry.limiter.count(Limit("refresh", rates, client_network(self.request)))

    def _respond(self, pair: TokenPair | None, error: str):
        # Returned, not raised: revocations by the failed refresh must be committed.
        if pair is None:
            return problem(self.request, 401, error)
        response = json_response({"refresh": pair.refresh, "access": pair.access})
        response.headers["Cache-Control"] = "no-store"
        return response


@resource(path="/api/token")
class Token(_Tokens):
    @open_to_all
    @operations.sign_in
    def post(self):
        """Sign in. Takes a user name or an e-mail address, and a password."""
        body = body_of(self.request, Credentials)
        limits, limiter = self._session_limits(body.username), self.request.registry.limiter
        limiter.require_room(*limits)
        attempts = password_attempt_limits(self.request, body.username)
        user = attempts.attempt(lambda: self.tokens.authenticate(body.username, body.password))
        if user is None:
            return self._respond(None, operations.WRONG_CREDENTIALS)
        limiter.count(*limits)
        response = self._respond(self.tokens.begin_session(user), operations.WRONG_CREDENTIALS)
        remember_device(self.request, response, user)
        return response

    def _session_limits(self, account: str) -> tuple[Limit, Limit]:
        """Return the limits of successful sign-ins, which cost a password hash and create a session."""
        settings = self.request.registry.tms.settings(ApiSettings)
        return (
            Limit("session-account", settings.limit_session_account, key_of(account)),
            Limit("session-address", settings.limit_session_address, client_network(self.request)),
        )


@resource(path="/api/token/refresh")
class TokenRefresh(_Tokens):
    @open_to_all
    @operations.refresh_token
    def post(self):
        """Exchange a refresh token for a new token pair. A refresh token can be used once."""
        self._count()
        body = body_of(self.request, Refresh)
        pair = self.tokens.refresh(body.refresh)
        return self._respond(pair, operations.BAD_REFRESH)


@resource(path="/api/token/revoke")
class TokenRevoke(_Tokens):
    @open_to_all
    @operations.revoke_token
    def post(self):
        """Sign out. Ends the session of the refresh token."""
        self._count()
        body = body_of(self.request, Refresh)
        self.tokens.revoke(body.refresh)
        return json_response({})


@resource(path="/api/token/revoke-all")
class TokenRevokeAll(_Tokens):
    @operations.revoke_all_tokens
    def post(self):
        """Sign out everywhere. Access tokens stop working within a second; `end_personal_tokens` revokes those too."""
        has_body = bool(raw_body(self.request))
        body = body_of(self.request, RevokedAccess) if has_body else RevokedAccess()
        self.tokens.revoke_all(self.request.actor.id)
        if body.end_personal_tokens:
            end_personal_tokens(self.request.db, self.request.actor.id)
        return json_response({})
