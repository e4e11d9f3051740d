"""Validation of user names, e-mail addresses and passwords, for the API, `tms user` and other services."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tms_core import error_codes as codes
from tms_core.errors import ConflictError, FieldError, InvalidError
from tms_core.identity.email_addresses import email_key, normalize_email
from tms_core.identity.passwords import normalize_password
from tms_core.identity.usernames import normalize_username
from tms_core.invalid_values import InvalidValueError
from tms_core.models import AccountLink, User
from tms_core.services.account_lookup import has_email, has_username

CLAIMS: dict[str, Callable[[str], ColumnElement[bool]]] = {"username": has_username, "email": has_email}
TAKEN = {"username": codes.USERNAME_TAKEN, "email": codes.EMAIL_TAKEN}


def normalized(values: Mapping[str, Any], *, smtputf8: bool) -> dict[str, Any]:
    """Return the values with user name, address and password normalized; raises `InvalidError` with all errors."""
    rules: dict[str, Callable[[str], str]] = {
        "username": normalize_username,
        "email": partial(normalize_email, smtputf8=smtputf8),
        "password": normalize_password,
    }
    found, errors = dict(values), []
    for name in rules.keys() & values.keys():
        try:
            found[name] = rules[name](values[name])
        except InvalidValueError as error:
            errors.append(FieldError.of("body", name, error))
    if errors:
        raise InvalidError(sorted(errors, key=lambda error: error.field))
    return found


def reject_taken(session: Session, values: Mapping[str, Any], *, but: int | None = None) -> None:
    """Raise `ConflictError` with the values that an account other than `but` has."""
    # In this order, so that an address that another transaction is giving up is found by one of the two queries.
    taken = [
        FieldError("body", name, "is taken", TAKEN[name])
        for name, claim in CLAIMS.items()
        if name in values
        and (
            _is_claimed(session, claim(values[name]), but)
            or (name == "email" and _is_reserved(session, values[name], but))
        )
    ]
    if taken:
        raise ConflictError.of_all(taken)


def conflict_of(error: IntegrityError) -> ConflictError | None:
    """Return the conflict for a unique violation, which a concurrent transaction can cause; None for other errors."""
    constraint = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
    for name in CLAIMS:
        if constraint in (f"uq_users_{name}_lower", f"uq_users_{name}_key"):
            return ConflictError(name, "is taken", TAKEN[name])
    return None


def _is_claimed(session: Session, claim: ColumnElement[bool], but: int | None) -> bool:
    others = select(User.id).where(claim, User.id != (but or 0)).limit(1)
    return session.scalar(others) is not None


def _is_reserved(session: Session, email: str, but: int | None) -> bool:
    """Return whether another account recently changed away from this address and can still restore it."""
    link = AccountLink
    reserved = select(link.id).where(
        link.reserved_key == email_key(email),
        link.used_at.is_(None),
        link.expires_at > func.now(),
        link.user_id != (but or 0),
    )
    return session.scalar(reserved.limit(1)) is not None
