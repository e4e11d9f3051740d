"""Machine-readable error codes: what clients compare and translate, while messages may change.

The constants are the codes of the core. A package defines its own in a module of the same form and registers the module
with `config.add_error_codes`. A published code keeps its name and its parameters.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """A code of problem documents with `status`, or of the entries of `errors` if that is None; `is_shared` of both.

    `params` names the variable parts of the message, which the document or the entry has under `params`.
    """

    name: str
    meaning: str
    params: tuple[str, ...] = ()
    status: int | None = None
    is_shared: bool = False


def codes_in(module: ModuleType) -> Iterator[ErrorCode]:
    """Yield the codes that a module defines, in their order there."""
    yield from (value for value in vars(module).values() if isinstance(value, ErrorCode))


# Of problem documents
INVALID = ErrorCode("invalid", "The request is not valid; `errors` has the reasons.", status=400)
BAD_REQUEST = ErrorCode("bad_request", "The request cannot be understood.", status=400)
BAD_HOST = ErrorCode("bad_host", "The host of the request is not a host name or address.", status=400)
BODY_INCOMPLETE = ErrorCode("body_incomplete", "The connection closed in the middle of the body.", status=400)
NOT_AUTHENTICATED = ErrorCode("not_authenticated", "The request has no valid access token.", status=401)
SESSION_ENDED = ErrorCode("session_ended", "The session or token was ended, or its rights have changed.", status=401)
WRONG_CREDENTIALS = ErrorCode(
    "wrong_credentials", "The user name or password is wrong, or the account is not active.", status=401
)
FORBIDDEN = ErrorCode("forbidden", "The caller may see the resource but not do this.", status=403)
ADMINISTRATOR_REQUIRED = ErrorCode("administrator_required", "Only an administrator may do this.", status=403)
OTHER_ACCOUNT = ErrorCode(
    "other_account", "Only the owner of the account or an administrator may change it.", status=403
)
TASK_UPDATE_FORBIDDEN = ErrorCode(
    "task_update_forbidden", "Only its creator, its assignee or an administrator may change a task.", status=403
)
TASK_DELETE_FORBIDDEN = ErrorCode(
    "task_delete_forbidden", "Only its creator or an administrator may delete a task.", status=403
)
PASSWORD_WRONG = ErrorCode(
    "password_wrong", "`current_password` is not the present password.", status=403, is_shared=True
)
SCOPE_MISSING = ErrorCode("scope_missing", "The personal token lacks the scope.", ("scope",), status=403)
PERSONAL_TOKEN_REFUSED = ErrorCode(
    "personal_token_refused", "Personal tokens are not accepted here: sign in.", status=403
)
METRICS_NOT_PUBLIC = ErrorCode("metrics_not_public", "Metrics need `tms.metrics.token`.", status=403)
NOT_FOUND = ErrorCode("not_found", "There is nothing at this address.", status=404)
TASK_NOT_FOUND = ErrorCode("task_not_found", "The task does not exist, or the caller may not see it.", status=404)
EVENT_NOT_FOUND = ErrorCode("event_not_found", "The task has no such event.", ("event_id",), status=404)
USER_NOT_FOUND = ErrorCode("user_not_found", "The account does not exist.", status=404)
SESSION_NOT_FOUND = ErrorCode("session_not_found", "The caller has no such session.", status=404)
API_TOKEN_NOT_FOUND = ErrorCode("api_token_not_found", "The caller has no such personal token.", status=404)
PAGE_NOT_FOUND = ErrorCode("page_not_found", "The page is past the last one.", ("page", "pages"), 404)
METHOD_NOT_ALLOWED = ErrorCode("method_not_allowed", "The address does not know this method.", status=405)
REQUEST_TIMEOUT = ErrorCode("request_timeout", "The request did not arrive in time.", status=408)
CONFLICT = ErrorCode("conflict", "The present state does not allow the change.", status=409)
USERNAME_TAKEN = ErrorCode(
    "username_taken", "Another account has the user name. `errors` has all that are taken.", status=409, is_shared=True
)
EMAIL_TAKEN = ErrorCode("email_taken", "Another account has the e-mail address.", status=409, is_shared=True)
LAST_ADMINISTRATOR = ErrorCode(
    "last_administrator", "The account is the last active administrator.", status=409, is_shared=True
)
TOO_MANY_API_TOKENS = ErrorCode(
    "too_many_api_tokens", "The user has as many personal tokens as allowed.", ("maximum",), 409, is_shared=True
)
TASK_EXISTS = ErrorCode(
    "task_exists", "The deletion cannot be undone, since the task exists.", status=409, is_shared=True
)
PRECONDITION_FAILED = ErrorCode("precondition_failed", "A precondition of the request fails.", status=412)
VERSION_CONFLICT = ErrorCode(
    "version_conflict", "The task has changed since the expected version.", ("version",), status=412
)
UNDO_CONFLICT = ErrorCode("undo_conflict", "What the event changed has been changed since.", status=412)
BODY_TOO_LARGE = ErrorCode("body_too_large", "The body has more than `maximum` bytes.", ("maximum",), status=413)
UNSUPPORTED_MEDIA_TYPE = ErrorCode("unsupported_media_type", "The body is not JSON.", status=415)
CONTENT_ENCODED = ErrorCode("content_encoded", "The body is compressed.", status=415)
UPGRADE_REQUIRED = ErrorCode("upgrade_required", "The address needs a WebSocket.", status=426)
READ_RUNNING = ErrorCode("read_running", "Another search or report of the user is running.", ("seconds",), 429)
RATE_LIMITED = ErrorCode("rate_limited", "Too many requests; try again after `seconds`.", ("seconds",), status=429)
HEAD_TOO_LARGE = ErrorCode("head_too_large", "The head of the request is too large.", status=431)
INTERNAL_ERROR = ErrorCode("internal_error", "A server error; the log has more under `request_id`.", status=500)
NOT_OFFERED = ErrorCode("not_offered", "No included package offers this function.", status=501)
UNAVAILABLE = ErrorCode("unavailable", "Something that the request needs does not respond.", status=503)
DATABASE_AWAY = ErrorCode("database_away", "The database does not respond.", status=503)
OUTCOME_UNKNOWN = ErrorCode(
    "outcome_unknown", "The connection to the database broke; the change may have been made.", status=503
)
TRANSACTION_CONFLICT = ErrorCode("transaction_conflict", "Another request conflicted with this one.", status=503)
QUERY_TIMEOUT = ErrorCode("query_timeout", "The query took the database too long.", status=503)
SERVER_BUSY = ErrorCode("server_busy", "The server has too many requests at once.", status=503)

# Of the entries of `errors`
INVALID_VALUE = ErrorCode("invalid_value", "The value is not valid; `message` has the reason.")
REQUIRED = ErrorCode("required", "The field is missing.")
UNKNOWN_FIELD = ErrorCode("unknown_field", "There is no such field.")
UNKNOWN_PARAMETER = ErrorCode("unknown_parameter", "There is no such query parameter.", ("known",))
READ_ONLY = ErrorCode("read_only", "The server sets the field.")
REPEATED = ErrorCode("repeated", "The parameter may stand once only.")
BLANK = ErrorCode("blank", "The text has no visible character.")
TOO_SHORT = ErrorCode("too_short", "The text has fewer than `minimum` characters.", ("minimum",))
TOO_LONG = ErrorCode("too_long", "The text has more than `maximum` characters.", ("maximum",))
TOO_FEW = ErrorCode("too_few", "The list has fewer than `minimum` entries.", ("minimum",))
TOO_MANY = ErrorCode("too_many", "There are more than `maximum` entries or values.", ("maximum",))
TOO_SMALL = ErrorCode("too_small", "The number is below `minimum`.", ("minimum",))
TOO_LARGE = ErrorCode("too_large", "The number is above `maximum`.", ("maximum",))
NOT_ABOVE = ErrorCode("not_above", "The number is not above `bound`.", ("bound",))
NOT_BELOW = ErrorCode("not_below", "The number is not below `bound`.", ("bound",))
OUT_OF_RANGE = ErrorCode("out_of_range", "The number is not between these bounds.", ("minimum", "maximum"))
NOT_A_MULTIPLE = ErrorCode("not_a_multiple", "The number is no multiple of `factor`.", ("factor",))
NOT_A_CHOICE = ErrorCode("not_a_choice", "The value is none of the choices.", ("choices",))
NOT_TEXT = ErrorCode("not_text", "The value is not text.")
NOT_BOOLEAN = ErrorCode("not_boolean", "The value is neither true nor false.")
NOT_WHOLE_NUMBER = ErrorCode("not_whole_number", "The value is not a whole number.")
NOT_NUMBER = ErrorCode("not_number", "The value is not a number.")
NOT_LIST = ErrorCode("not_list", "The value is not a list.")
NOT_OBJECT = ErrorCode("not_object", "The value is not a JSON object.")
NOT_NULL = ErrorCode("not_null", "The value is not null.")
NOT_DATE = ErrorCode("not_date", "The value is not a date as YYYY-MM-DD.")
NOT_INSTANT = ErrorCode("not_instant", "The value is not an instant with a time zone as in RFC 3339.")
NOT_UUID = ErrorCode("not_uuid", "The value is not a UUID.")
NOT_URL = ErrorCode("not_url", "The value is not a URL.")
NOT_PATH = ErrorCode("not_path", "The value is not the path of an existing file or folder.")
NOT_JSON = ErrorCode("not_json", "The body is not JSON.")
NOT_UTF8 = ErrorCode("not_utf8", "The text is not UTF-8.")
NOT_AN_ID = ErrorCode("not_an_id", "The value is not an id.")
NOT_A_USER = ErrorCode("not_a_user", "The value is not a user's id.")
NOT_EMAIL = ErrorCode("not_email", "The text is not an e-mail address.", ("reason",))
NOT_ENTITY_TAGS = ErrorCode("not_entity_tags", "The header is neither `*` nor a list of entity tags.")
BAD_PATTERN = ErrorCode("bad_pattern", "The text has characters, or an order of them, that are not allowed.")
NUL_CHARACTER = ErrorCode("nul_character", "The text has the character U+0000.")
HAS_ADDRESS = ErrorCode("has_address", "The text has a web or e-mail address.")
NESTED_TOO_DEEP = ErrorCode("nested_too_deep", "The value is nested too deep.")
EMAIL_NOT_ASCII = ErrorCode("email_not_ascii", "The mail server supports ASCII only before the @.")
USERNAME_INVISIBLE = ErrorCode("username_invisible", "The user name has an invisible character.", ("character",))
USERNAME_CHARACTERS = ErrorCode(
    "username_characters", "The user name has other characters than letters, digits and `. + - _`."
)
USERNAME_MARKS = ErrorCode("username_marks", "The user name has marks without a letter, or too many on one.")
USERNAME_SCRIPTS = ErrorCode("username_scripts", "The user name mixes scripts.")
USERNAME_RESERVED = ErrorCode("username_reserved", "The user name is reserved.", ("name",))
USER_INACTIVE = ErrorCode("user_inactive", "There is no active user with this id.", ("user_id",))
PASSWORD_REQUIRED = ErrorCode("password_required", "The change needs the present password.")
SIGN_IN_TOO_OLD = ErrorCode(
    "sign_in_too_old", "The present password is needed, since the sign-in is older.", ("minutes",)
)
UNKNOWN_SCOPE = ErrorCode("unknown_scope", "There are no such scopes.", ("scopes", "known"))
NOT_IN_FUTURE = ErrorCode("not_in_future", "The instant is not in the future.")
LINK_USED = ErrorCode("link_used", "The mailed link has been used, or a newer one or a new password has replaced it.")
LINK_EXPIRED = ErrorCode("link_expired", "The mailed link has expired.")
LINK_OUTDATED = ErrorCode("link_outdated", "The mailed link is for an address that the account no longer has.")
BAD_CURSOR = ErrorCode("bad_cursor", "The cursor is not one of this list.")
UNKNOWN_ORDERING = ErrorCode("unknown_ordering", "The list cannot be ordered by this field.", ("fields",))
SEARCH_ONLY_EXCLUDES = ErrorCode("search_only_excludes", "The search has excluded words only.")

# The codes of responses that have none of their own.
CODES: dict[int, ErrorCode] = {
    400: BAD_REQUEST,
    401: NOT_AUTHENTICATED,
    403: FORBIDDEN,
    404: NOT_FOUND,
    405: METHOD_NOT_ALLOWED,
    408: REQUEST_TIMEOUT,
    409: CONFLICT,
    412: PRECONDITION_FAILED,
    413: BODY_TOO_LARGE,
    415: UNSUPPORTED_MEDIA_TYPE,
    426: UPGRADE_REQUIRED,
    429: RATE_LIMITED,
    431: HEAD_TOO_LARGE,
    500: INTERNAL_ERROR,
    501: NOT_OFFERED,
    503: UNAVAILABLE,
}


def code_of_status(status: int) -> ErrorCode:
    """Return the code of a response that has none of its own."""
    return CODES.get(status) or (BAD_REQUEST if status < 500 else INTERNAL_ERROR)
