"""Field types shared by request schemas."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationInfo, WithJsonSchema
from pydantic_core import CoreSchema, core_schema

from tms_core import error_codes as codes
from tms_core.display_names import has_address
from tms_core.identity.email_addresses import MAX_EMAIL_LENGTH, normalize_email
from tms_core.identity.passwords import MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH, normalize_password
from tms_core.identity.usernames import MAX_USERNAME_LENGTH, normalize_username
from tms_core.invalid_values import InvalidValueError
from tms_core.values import MAX_ID, day
from tms_core.visible_text import VISIBLE, single_line

MAX_PROOF_LENGTH = 4_000
ID = {"type": "integer", "minimum": 1, "maximum": MAX_ID}
ID_OBJECT = {"type": "object", "properties": {"id": ID}, "required": ["id"], "additionalProperties": False}
USER = {"description": "A user's id."}


@dataclass(frozen=True, slots=True)
class Checked:
    """Text validated by a function; `pattern` expresses the same check in the JSON schema."""

    check: Callable[[str], str]
    pattern: str

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: Any) -> dict[str, Any]:
        return {**handler(schema), "pattern": self.pattern}


@dataclass(frozen=True, slots=True)
class IdentityContext:
    """Validation context of user names and e-mail addresses.

    Values in `stored`, which the account already has, are accepted unchanged, so that a client can send back what it
    read.
    """

    smtputf8: bool = True
    stored: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Identity:
    """A user name, e-mail address or password, normalised by the rules of `tms_core.identity`.

    The JSON schema expresses length and characters only approximately; validation messages cover the rest.
    """

    normalize: Callable[[str, IdentityContext], str]
    json_schema: dict[str, Any]

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        return core_schema.with_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: Any) -> dict[str, Any]:
        return {**handler(schema), **self.json_schema}

    def _check(self, text: str, info: ValidationInfo) -> str:
        context = info.context if isinstance(info.context, IdentityContext) else IdentityContext()
        return text if text in context.stored else self.normalize(text, context)


def _without_nul(text: str) -> str:
    if "\x00" in text:
        raise InvalidValueError("must not contain the character U+0000", codes.NUL_CHARACTER)
    return text


def _not_blank(text: str) -> str:
    line = single_line(_without_nul(text))
    if not line:
        raise InvalidValueError("must not be blank", codes.BLANK)
    return line


def _whole(value: Any) -> Any:
    # JSON has one type of number: 3.0 equals 3.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _user_id(value: Any) -> Any:
    if isinstance(value, dict) and value.keys() == {"id"} and value["id"] is not None:
        value = value["id"]
    value = _whole(value)
    if value is None or (type(value) is int and 0 < value <= MAX_ID):
        return value
    raise InvalidValueError("must be a user's id", codes.NOT_A_USER)


def _due_date(value: Any) -> Any:
    if value is None:
        return None
    if not isinstance(value, str):
        raise InvalidValueError("must be YYYY-MM-DD", codes.NOT_DATE)
    return day(value)


def _name(text: str) -> str:
    line = single_line(_without_nul(text))
    if has_address(line):
        raise InvalidValueError("must not contain a web or e-mail address", codes.HAS_ADDRESS)
    return line


def _typed_email(text: str, context: IdentityContext) -> str:
    # Returned as typed, since an old account may only be found by that spelling.
    if len(text) > MAX_EMAIL_LENGTH:
        message = f"must have at most {MAX_EMAIL_LENGTH} characters"
        raise InvalidValueError(message, codes.TOO_LONG, maximum=MAX_EMAIL_LENGTH)
    normalize_email(text)
    return text


# Must follow the bounds in an annotation, or the JSON schema omits them.
AS_WHOLE = BeforeValidator(_whole)
Whole = Annotated[int, AS_WHOLE]
Text = Annotated[str, Checked(_without_nul, r"^[^\x00]*$")]
# A secret to verify: a password as typed, or a token.
Proof = Annotated[Text, Field(max_length=MAX_PROOF_LENGTH)]
Line = Annotated[str, Checked(_not_blank, rf"^[^\x00]*{VISIBLE.pattern}[^\x00]*$")]
UserId = Annotated[int, BeforeValidator(_user_id), WithJsonSchema({**USER, "anyOf": [ID, ID_OBJECT]})]
OptionalUserId = Annotated[
    int | None, BeforeValidator(_user_id), WithJsonSchema({**USER, "anyOf": [ID, ID_OBJECT, {"type": "null"}]})
]
OptionalDay = Annotated[date | None, BeforeValidator(_due_date)]
EMAIL = {"format": "email", "pattern": r"^[^\x00]+@[^@\x00]+$", "minLength": 3, "maxLength": MAX_EMAIL_LENGTH}
Username = Annotated[
    str,
    Identity(
        lambda text, context: normalize_username(text),
        {
            "pattern": r"^[\p{L}\p{M}\p{N}.+_-]+$",
            "minLength": 1,
            "maxLength": MAX_USERNAME_LENGTH,
            "description": "Letters and digits of one script, and . + - _",
        },
    ),
]
Email = Annotated[str, Identity(lambda text, context: normalize_email(text, smtputf8=context.smtputf8), EMAIL)]
TypedEmail = Annotated[str, Identity(_typed_email, EMAIL)]
Password = Annotated[
    str,
    Identity(
        lambda text, context: normalize_password(text),
        {"pattern": r"^[^\x00]*$", "minLength": MIN_PASSWORD_LENGTH, "maxLength": MAX_PASSWORD_LENGTH},
    ),
]
Name = Annotated[
    str, Field(max_length=150, description="Without web and e-mail addresses."), Checked(_name, r"^[^\x00]*$")
]
