from tms_api.schemas.users import Credentials, Refresh
from tms_core.services.tokens import TokenPair, TokenService
from tms_core.settings import CoreSettings
from tms_core.web.problems import problem
from tms_core.web.resource import json_response, open_to_all, resource
from tms_core.web.validation import body_of


def token_service(request) -> TokenService:
    registry = request.registry
    return TokenService(request.db, registry.access_tokens, registry.tms.settings(CoreSettings))


class _Tokens:
    def __init__(self, request, context=None):
        self.request = request
        self.tokens = token_service(request)

    def _answer(self, pair: TokenPair | None, refusal: str):
        # Not raised: what the refusal revoked must be committed.
        if pair is None:
            return problem(self.request, 401, refusal)
        response = json_response({"refresh": pair.refresh, "access": pair.access})
        response.headers["Cache-Control"] = "no-store"
        return response


@resource(path="/api/token")
class Token(_Tokens):
    @open_to_all
    def post(self):
        """Sign in with a user name or e-mail address and a password."""
        body = body_of(self.request, Credentials)
        pair = self.tokens.sign_in(body.username, body.password)
        return self._answer(pair, "User name and password do not fit, or the account is not active.")


@resource(path="/api/token/refresh")
class TokenRefresh(_Tokens):
    @open_to_all
    def post(self):
        """A new pair for a refresh token, which is used up by it."""
        pair = self.tokens.refresh(body_of(self.request, Refresh).refresh)
        return self._answer(pair, "This refresh token is unknown, used, expired or revoked: sign in again.")


@resource(path="/api/token/revoke")
class TokenRevoke(_Tokens):
    @open_to_all
    def post(self):
        """Log out: end the login of a refresh token."""
        self.tokens.revoke(body_of(self.request, Refresh).refresh)
        return json_response({})


@resource(path="/api/token/revoke-all")
class TokenRevokeAll(_Tokens):
    def post(self):
        """Log out everywhere."""
        self.tokens.revoke_all(self.request.actor.id)
        return json_response({})
