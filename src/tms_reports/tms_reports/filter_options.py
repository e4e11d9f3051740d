"""The filters of the task list as options of a command, such as `--filter status=PENDING --filter assigned_to=bob`."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from tms_core import error_codes as codes
from tms_core.errors import FieldError, InvalidError
from tms_core.services.account_lookup import account_with_username
from tms_core.services.task_filter import NAMES, NOBODY, SELF

USERS = ("assigned_to", "created_by")
WHERE = "query"


def read_filter_options(given: Sequence[str], session: Session) -> dict[str, list[str]]:
    """Return the values by parameter, with ids in place of usernames. Raises `InvalidError` with all errors."""
    values: dict[str, list[str]] = {}
    errors: list[FieldError] = []
    for option in given:
        name, separator, text = option.partition("=")
        # Python decodes other bytes of the command line as surrogates.
        if any("\ud800" <= character <= "\udfff" for character in option):
            errors.append(FieldError(WHERE, "option", "must be UTF-8", codes.NOT_UTF8))
            continue
        if not separator or name not in NAMES:
            message, params = f"is not known here; known are: {', '.join(sorted(NAMES))}", {"known": sorted(NAMES)}
            errors.append(FieldError(WHERE, name, message, codes.UNKNOWN_PARAMETER, params))
        elif name in USERS:
            values.setdefault(name, []).extend(_user(name, part.strip(), session, errors) for part in text.split(","))
        else:
            values.setdefault(name, []).append(text)
    if errors:
        raise InvalidError(errors)
    return values


def _user(name: str, text: str, session: Session, errors: list[FieldError]) -> str:
    """Return a user's id, or `none`; usernames that look like one of these cannot be given."""
    if text == SELF:
        errors.append(FieldError(WHERE, name, f"cannot be {SELF}: a command has no account", codes.NOT_A_USER))
    if text in (SELF, NOBODY) or (text.isascii() and text.isdigit()):
        return text
    user = account_with_username(session, text) if text else None
    if user is None:
        message = f"must be a username, a user's id or {NOBODY}"
        errors.append(FieldError(WHERE, name, message, codes.NOT_A_USER))
        return text
    return str(user.id)
