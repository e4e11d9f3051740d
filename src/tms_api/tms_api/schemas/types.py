"""Field types that several bodies share."""

import re
from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from tms_core.values import BIGGEST_ID, day

# Not «@»: a name that looks like somebody's address would catch that one's log-ins.
USERNAME = re.compile(r"[\w.+-]+")
EMAIL = re.compile(r"[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+")


def _without_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("must not contain the character U+0000")
    return text


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    return text.strip()


def _user_id(value: Any) -> Any:
    if isinstance(value, dict) and value.keys() == {"id"}:
        value = value["id"]
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


Text = Annotated[str, AfterValidator(_without_nul)]
Line = Annotated[str, AfterValidator(_without_nul), AfterValidator(_not_blank)]
UserId = Annotated[int, BeforeValidator(_user_id)]
OptionalUserId = Annotated[int | None, BeforeValidator(_user_id)]
OptionalDay = Annotated[date | None, BeforeValidator(_due_date)]
Username = Annotated[str, Field(min_length=1, max_length=150), AfterValidator(_username)]
Email = Annotated[str, Field(max_length=254), AfterValidator(_email)]
Password = Annotated[str, Field(min_length=8, max_length=1000), AfterValidator(_without_nul)]
Name = Annotated[str, Field(max_length=150), AfterValidator(_without_nul)]
