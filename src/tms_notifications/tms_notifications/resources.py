"""Resources: the mail preferences of a user, and unsubscribing by the link in a mail."""

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from tms_core.errors import InvalidError
from tms_core.web.openapi import Nothing, Parameter, Problem, ResponseDoc, Tag, documented
from tms_core.web.problems import database_error
from tms_core.web.resource import json_response, open_to_all, resource
from tms_core.web.validation import body_of, query_of
from tms_notifications.error_codes import MAIL_TOKEN_INVALID
from tms_notifications.schemas import Preferences as PreferencesResponse
from tms_notifications.schemas import PreferencesChange, present_preferences
from tms_notifications.services.preferences import PreferenceService
from tms_notifications.settings import NotificationSettings
from tms_notifications.unsubscribing import PATH, TURNED_OFF, UnsubscribeTokens

MAIL = Tag("Mail", "Mail preferences.")
UNSUBSCRIBE = "notification-unsubscribe"
TOKEN = Parameter(name="token", help="The token from the unsubscribe link in a mail.", is_required=True)
BAD_TOKEN = ResponseDoc(Problem, "The link is not from a mail of this deployment.", more={"text/html": str})
PAGE = ResponseDoc(str, "A page with a button to unsubscribe.", content_types=("text/html",))


@resource(path="/api/users/me/notifications", name="notification-preferences")
class Preferences:
    tag = MAIL

    def __init__(self, request, context=None):
        self.request = request

    @documented("get_mail_preferences", query=(), responses={200: PreferencesResponse})
    def get(self):
        """The mail preferences of the signed-in user."""
        query_of(self.request, ())
        service = PreferenceService(self.request.db)
        return json_response(present_preferences(service.get(self.request.actor.id)))

    @documented("change_mail_preferences", body=PreferencesChange, responses={200: PreferencesResponse})
    def patch(self):
        """Change mail preferences. Fields that are left out keep their values."""
        change = body_of(self.request, PreferencesChange).model_dump(exclude_unset=True)
        service = PreferenceService(self.request.db)
        user_id = self.request.actor.id
        preference = service.change(user_id, change) if change else service.get(user_id)
        return json_response(present_preferences(preference))


@resource(path=PATH, name=UNSUBSCRIBE)
class Unsubscribe:
    """Unsubscribes by the signed token in the URL, without signing in (RFC 8058)."""

    tag = MAIL

    def __init__(self, request, context=None):
        self.request = request

    @open_to_all
    @documented("show_unsubscribing", query=(TOKEN,), responses={200: PAGE, 400: BAD_TOKEN})
    def get(self):
        """A page with a button to unsubscribe. A GET changes nothing, because mail scanners follow links."""
        try:
            user_id, kind = self._read_token()
        except InvalidError as error:
            return self._bad_link(error)
        return self._pages.ask_page(self._language_of(user_id), kind)

    @open_to_all
    @documented(
        "unsubscribe", query=(TOKEN,), responses={200: ResponseDoc(Nothing, more={"text/html": str}), 400: BAD_TOKEN}
    )
    def post(self):
        """Turn off the mails of one kind. Needs one click and no authentication (RFC 8058)."""
        try:
            user_id, kind = self._read_token()
        except InvalidError as error:
            return self._bad_link(error)
        PreferenceService(self.request.db).turn_off(user_id, *TURNED_OFF[kind])
        if self._is_browser:
            return self._pages.done_page(self._language_of(user_id), kind)
        return json_response({})

    def _bad_link(self, error: InvalidError):
        """Return a page for browsers; for programs, raise the error."""
        if not self._is_browser:
            raise error
        return self._pages.bad_link_page(_default_language(self.request))

    @property
    def _pages(self):
        return _pages()

    def _language_of(self, user_id: int) -> str:
        return PreferenceService(self.request.db).get(user_id).language or _default_language(self.request)

    @property
    def _is_browser(self) -> bool:
        return _is_browser(self.request)

    def _read_token(self) -> tuple[int, str]:
        tokens = query_of(self.request, ("token",)).get("token", [])
        key = self.request.registry.tms.core.jwt_key
        found = UnsubscribeTokens(key).read(tokens[0]) if len(tokens) == 1 else None
        if found is None:
            message = "must be one from a mail of this deployment"
            raise InvalidError.of("token", message, MAIL_TOKEN_INVALID, "query")
        return found


def show_database_error(error, request):
    """Return a page for browsers that follow the unsubscribe link; for programs, the problem document."""
    response = database_error(error, request)
    if not _is_browser(request):
        return response
    page = _pages().unavailable_page(_default_language(request), response.status_int)
    if "Retry-After" in response.headers:
        page.headers["Retry-After"] = response.headers["Retry-After"]
    return page


def _pages():
    # Babel is imported by those web processes only that show such a page.
    from tms_notifications import unsubscribe_pages

    return unsubscribe_pages


def _default_language(request) -> str:
    language: str = request.registry.tms.settings(NotificationSettings).language
    return language


def _is_browser(request) -> bool:
    return "text/html" in request.headers.get("Accept", "")


def includeme(config):
    config.scan(__name__)
    for error in (DBAPIError, PoolTimeoutError):
        config.add_exception_view(show_database_error, context=error, route_name=UNSUBSCRIBE)
