from tms_api.openapi.operations import tokens as operations
from tms_api.resources.tags import SIGNING_IN
from tms_api.schemas.accounts import RevokedAccess
from tms_api.schemas.users import Credentials, Refresh
from tms_api.sign_in import SignIn, token_service
from tms_core.error_codes import SESSION_ENDED, WRONG_CREDENTIALS, ErrorCode
from tms_core.services.personal_tokens import end_personal_tokens
from tms_core.services.tokens import TokenPair
from tms_core.web.problems import problem
from tms_core.web.resource import json_response, open_to_all, resource
from tms_core.web.validation import body_of, raw_body


class _Tokens:
    tag = SIGNING_IN

    def __init__(self, request, context=None):
        self.request = request

    def _respond(self, pair: TokenPair | None, error: str, code: ErrorCode):
        # Returned, not raised: revocations by the failed refresh must be committed.
        if pair is None:
            return problem(self.request, 401, error, code=code)
        response = json_response({"refresh": pair.refresh, "access": pair.access})
        response.headers["Cache-Control"] = "no-store"
        return response


@resource(path="/api/token")
class Token(_Tokens):
    @open_to_all
    @operations.sign_in
    def post(self):
        """Sign in. Takes a user name or an e-mail address, and a password."""
        body, sign_in = body_of(self.request, Credentials), SignIn(self.request)
        user = sign_in.authenticate(body.username, body.password)
        if user is None:
            return self._respond(None, operations.WRONG_CREDENTIALS, WRONG_CREDENTIALS)
        response = self._respond(sign_in.begin_session(user), operations.WRONG_CREDENTIALS, WRONG_CREDENTIALS)
        sign_in.remember_device(response, user)
        return response


@resource(path="/api/token/refresh")
class TokenRefresh(_Tokens):
    @open_to_all
    @operations.refresh_token
    def post(self):
        """Exchange a refresh token for a new token pair. A refresh token can be used once."""
        body = body_of(self.request, Refresh)
        pair = SignIn(self.request).refresh(body.refresh)
        return self._respond(pair, operations.BAD_REFRESH, SESSION_ENDED)


@resource(path="/api/token/revoke")
class TokenRevoke(_Tokens):
    @open_to_all
    @operations.revoke_token
    def post(self):
        """Sign out. Ends the session of the refresh token."""
        body = body_of(self.request, Refresh)
        SignIn(self.request).revoke(body.refresh)
        return json_response({})


@resource(path="/api/token/revoke-all")
class TokenRevokeAll(_Tokens):
    @operations.revoke_all_tokens
    def post(self):
        """Sign out everywhere. Access tokens stop working within a second; `end_personal_tokens` revokes those too."""
        has_body = bool(raw_body(self.request))
        body = body_of(self.request, RevokedAccess) if has_body else RevokedAccess()
        token_service(self.request).revoke_all(self.request.actor.id)
        if body.end_personal_tokens:
            end_personal_tokens(self.request.db, self.request.actor.id)
        return json_response({})
