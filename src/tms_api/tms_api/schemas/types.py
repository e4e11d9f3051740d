"""Field types that several bodies share."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import CoreSchema, core_schema

from tms_core.values import BIGGEST_ID, day

# Not «@»: a name that looks like somebody's address would catch that one's log-ins.
USERNAME = re.compile(r"[\w.+-]+")
# What \s means differs between engines of regular expressions; what they do not agree on stands here by itself.
EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f-\x9f\ufeff]+@[^@\s\x00-\x1f\x7f-\x9f\ufeff]+")
VISIBLE = re.compile(r"[^\s\x00\x1c-\x1f\x85\ufeff]")
ID = {"type": "integer", "minimum": 1, "maximum": BIGGEST_ID}
ID_OBJECT = {"type": "object", "properties": {"id": ID}, "required": ["id"], "additionalProperties": False}
USER = {"description": "A user's id."}


@dataclass(frozen=True, slots=True)
class Checked:
    """Text that a function looks at; `pattern` says the same in the description."""

    check: Callable[[str], str]
    pattern: str

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: Any) -> dict[str, Any]:
        return {**handler(schema), "pattern": self.pattern}


def _without_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("must not contain the character U+0000")
    return text


def _not_blank(text: str) -> str:
    if not VISIBLE.search(_without_nul(text)):
        raise ValueError("must not be blank")
    return text.strip()


def _whole(value: Any) -> Any:
    # JSON has one kind of number: 3.0 is 3.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _user_id(value: Any) -> Any:
    if isinstance(value, dict) and value.keys() == {"id"} and value["id"] is not None:
        value = value["id"]
    value = _whole(value)
    if value is None or (type(value) is int and 0 < value <= BIGGEST_ID):
        return value
    raise ValueError("must be a user's id")


def _due_date(value: Any) -> Any:
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError("must be YYYY-MM-DD")
    return day(value)


def _username(text: str) -> str:
    if not USERNAME.fullmatch(text):
        raise ValueError("may have letters, digits and the characters . + - _ only")
    return text


def _email(text: str) -> str:
    if not EMAIL.fullmatch(text):
        raise ValueError("must be an e-mail address")
    return text


# Behind the bounds in an annotation, or the description does not tell them.
AS_WHOLE = BeforeValidator(_whole)
Whole = Annotated[int, AS_WHOLE]
Text = Annotated[str, Checked(_without_nul, r"^[^\x00]*$")]
Line = Annotated[str, Checked(_not_blank, rf"^[^\x00]*{VISIBLE.pattern}[^\x00]*$")]
UserId = Annotated[int, BeforeValidator(_user_id), WithJsonSchema({**USER, "anyOf": [ID, ID_OBJECT]})]
OptionalUserId = Annotated[
    int | None, BeforeValidator(_user_id), WithJsonSchema({**USER, "anyOf": [ID, ID_OBJECT, {"type": "null"}]})
]
OptionalDay = Annotated[date | None, BeforeValidator(_due_date)]
Username = Annotated[str, Field(min_length=1, max_length=150), Checked(_username, r"^[\p{L}\p{N}_.+-]+$")]
Email = Annotated[str, Field(max_length=254), Checked(_email, f"^{EMAIL.pattern}$")]
Password = Annotated[Text, Field(min_length=8, max_length=1000)]
Name = Annotated[Text, Field(max_length=150)]
