from dataclasses import replace

from tms_api.device_cookies import remember_device
from tms_api.rate_limits.attempt_limits import key_of, password_attempt_limits
from tms_api.rate_limits.limiter import Limit
from tms_api.resources.tags import SIGNING_IN
from tms_api.schemas.accounts import RevokedAccess
from tms_api.schemas.users import Credentials, Refresh
from tms_api.settings import ApiSettings
from tms_core.services.personal_tokens import end_personal_tokens
from tms_core.services.tokens import ClientInfo, TokenPair, TokenService
from tms_core.settings import CoreSettings
from tms_core.web.client_address import client_address, client_network
from tms_core.web.openapi import Answer, Header, Link, Nothing, documented
from tms_core.web.problems import problem
from tms_core.web.resource import json_response, open_to_all, resource
from tms_core.web.validation import body_of, raw_body

WRONG_CREDENTIALS = "Wrong user name or password, or the account is not active."
MAX_USER_AGENT_LENGTH = 120
BAD_REFRESH = "This refresh token is unknown, used, expired or revoked: sign in again."
REFRESH = {"refresh": "$response.body#/refresh"}
PAIR = Answer(
    TokenPair,
    "A short-lived access token, and a refresh token for the next pair.",
    links=(Link("refresh_token", body=REFRESH), Link("revoke_token", body=REFRESH)),
)

DEVICE = Header(
    "Set-Cookie",
    "A device cookie; a client that sends it is not locked out while others guess the account's password.",
    "tms_device=7.kPq0nJ1m2nQ.mUoT2nZ7c3s8; HttpOnly; Path=/api; SameSite=Strict",
)


def token_service(request) -> TokenService:
    registry = request.registry
    client_info = ClientInfo(_user_agent(request), client_address(request) or None)
    return TokenService(request.db, registry.access_tokens, registry.tms.settings(CoreSettings), client_info)


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

    def _answer(self, pair: TokenPair | None, refusal: str):
        # Returned, not raised: revocations by the failed refresh must be committed.
        if pair is None:
            return problem(self.request, 401, refusal)
        response = json_response({"refresh": pair.refresh, "access": pair.access})
        response.headers["Cache-Control"] = "no-store"
        return response


@resource(path="/api/token")
class Token(_Tokens):
    @open_to_all
    @documented(
        "sign_in",
        body=Credentials,
        answers={200: replace(PAIR, headers=(DEVICE,)), 401: WRONG_CREDENTIALS, 429: Answer()},
    )
    def post(self):
        """Sign in. Takes a user name or an e-mail address, and a password."""
        body = body_of(self.request, Credentials)
        limits, limiter = self._session_limits(body.username), self.request.registry.limiter
        limiter.require_room(*limits)
        attempts = password_attempt_limits(self.request, body.username)
        user = attempts.attempt(lambda: self.tokens.authenticate(body.username, body.password))
        if user is None:
            return self._answer(None, WRONG_CREDENTIALS)
        limiter.count(*limits)
        response = self._answer(self.tokens.begin_session(user), WRONG_CREDENTIALS)
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
    @documented("refresh_token", body=Refresh, answers={200: PAIR, 401: BAD_REFRESH, 429: Answer()})
    def post(self):
        """Exchange a refresh token for a new token pair. A refresh token can be used once."""
        self._count()
        body = body_of(self.request, Refresh)
        pair = self.tokens.refresh(body.refresh)
        return self._answer(pair, BAD_REFRESH)


@resource(path="/api/token/revoke")
class TokenRevoke(_Tokens):
    @open_to_all
    @documented("revoke_token", body=Refresh, answers={200: Nothing, 429: Answer()})
    def post(self):
        """Sign out. Ends the session of the refresh token."""
        self._count()
        body = body_of(self.request, Refresh)
        self.tokens.revoke(body.refresh)
        return json_response({})


@resource(path="/api/token/revoke-all")
class TokenRevokeAll(_Tokens):
    @documented("revoke_all_tokens", body=RevokedAccess, is_body_optional=True, answers={200: Nothing})
    def post(self):
        """Sign out everywhere. Access tokens stop working within a second; `end_personal_tokens` revokes those too."""
        has_body = bool(raw_body(self.request))
        body = body_of(self.request, RevokedAccess) if has_body else RevokedAccess()
        self.tokens.revoke_all(self.request.actor.id)
        if body.end_personal_tokens:
            end_personal_tokens(self.request.db, self.request.actor.id)
        return json_response({})
