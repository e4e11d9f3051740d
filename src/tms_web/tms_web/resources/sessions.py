"""Sessions of browsers: the API's tokens, with the refresh token in a cookie that scripts cannot read."""

from tms_core import error_codes as codes
from tms_core.event_log.events import last_position
from tms_core.services.tokens import TokenPair
from tms_core.web.field_types import IdentityContext
from tms_core.web.openapi import Header, Nothing, ResponseDoc, Tag, documented
from tms_core.web.problems import problem
from tms_core.web.resource import json_response, open_to_all, resource
from tms_core.web.sign_in import sign_in_of
from tms_core.web.validation import body_of
from tms_web.cookies import clear, keep, refresh_token_of
from tms_web.same_origin import require_same_origin
from tms_web.schemas import FirstAccount, WebCredentials, WebSession
from tms_web.services.first_start import create_service

WRONG_CREDENTIALS = "Wrong user name or password, or the account is not active."
ENDED = "This session has ended: sign in again."
FOREIGN = "The request does not come from a page of this site (Origin, Sec-Fetch-Site)."
COOKIE = Header(
    "Set-Cookie",
    "The refresh token, for the browser only.",
    "tms_refresh=Y3JlYXRlZCBieSB0aGUgc2VydmVy; HttpOnly; Path=/api/web-session; SameSite=Strict",
    is_optional=True,
)
SESSION = ResponseDoc(WebSession, "A short-lived access token, and where to continue from.", headers=(COOKIE,))


class _WebSession:
    tag = Tag("Web sessions", "Sessions of the web UI, for its own pages. Other clients use `/api/token`.")

    def __init__(self, request, context=None):
        self.request = request

    def _begun(self, pair: TokenPair):
        # Read before any list that the page reads with this token.
        body = {"access": pair.access, "position": last_position(self.request.db)}
        response = json_response(body, headers={"Cache-Control": "no-store"})
        keep(self.request, response, pair.refresh)
        return response


@resource(path="/api/web-session")
class WebSessionResource(_WebSession):
    @open_to_all
    @documented(
        "begin_web_session",
        body=WebCredentials,
        responses={200: SESSION, 401: WRONG_CREDENTIALS, 403: FOREIGN, 429: ResponseDoc()},
    )
    def post(self):
        """Sign in to the web UI. The refresh token is set as a cookie."""
        require_same_origin(self.request)
        body, sign_in = body_of(self.request, WebCredentials), sign_in_of(self.request)
        user = sign_in.authenticate(body.username, body.password)
        if user is None:
            return problem(self.request, 401, WRONG_CREDENTIALS, code=codes.WRONG_CREDENTIALS)
        response = self._begun(sign_in.begin_session(user))
        sign_in.remember_device(response, user)
        return response

    @open_to_all
    @documented(
        "end_web_session",
        responses={200: ResponseDoc(Nothing, headers=(COOKIE,)), 403: FOREIGN, 429: ResponseDoc()},
    )
    def delete(self):
        """Sign out of the web UI. Ends the session of the cookie, if there is one."""
        require_same_origin(self.request)
        if token := refresh_token_of(self.request):
            sign_in_of(self.request).revoke(token)
        response = json_response({})
        clear(self.request, response)
        return response


@resource(path="/api/web-session/refresh")
class WebSessionRefresh(_WebSession):
    @open_to_all
    @documented("refresh_web_session", responses={200: SESSION, 401: ENDED, 403: FOREIGN, 429: ResponseDoc()})
    def post(self):
        """Get a new access token by the cookie. The cookie is replaced; without a cookie, `access` is null."""
        require_same_origin(self.request)
        token = refresh_token_of(self.request)
        if token is None:
            # No error: a page that loads cannot know whether there is a session, and browsers log errors.
            return json_response({"access": None, "position": None}, headers={"Cache-Control": "no-store"})
        pair = sign_in_of(self.request).refresh(token)
        if pair is None:
            # Returned, not raised: a revocation by the failed refresh must be committed.
            response = problem(self.request, 401, ENDED, code=codes.SESSION_ENDED)
            clear(self.request, response)
            return response
        return self._begun(pair)


@resource(path="/api/web-session/first-account")
class FirstAccountResource(_WebSession):
    @open_to_all
    @documented(
        "create_first_account",
        body=FirstAccount,
        responses={
            201: SESSION,
            403: "The code is wrong or used, or the request does not come from a page of this site.",
            409: "There is an administrator already, or the user name or e-mail address is taken.",
        },
    )
    def post(self):
        """Create the first administrator's account, and sign in. The code is in the link that `tms up` prints."""
        require_same_origin(self.request)
        runtime, sign_in = self.request.registry.tms, sign_in_of(self.request)
        body = body_of(self.request, FirstAccount, IdentityContext(runtime.core.smtputf8))
        service = create_service(runtime, self.request.db)
        user = service.create_account(body.code, body.model_dump(exclude={"code"}))
        response = self._begun(sign_in.begin_session(user))
        response.status_int = 201
        sign_in.remember_device(response, user)
        return response
