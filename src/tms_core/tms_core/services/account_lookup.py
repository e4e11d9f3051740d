"""Account look-up by user name or e-mail address, in any spelling."""

from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from tms_core.identity.email_addresses import email_key
from tms_core.identity.usernames import username_key
from tms_core.models import User


def has_username(text: str) -> ColumnElement[bool]:
    """Return the SQL condition that the user name is this one, in any spelling."""
    return _is_spelled(User.username, User.username_key, text, username_key(text))


def has_email(text: str) -> ColumnElement[bool]:
    """Return the SQL condition that the e-mail address is this one, in any spelling."""
    return _is_spelled(User.email, User.email_key, text, email_key(text))


def account_named(session: Session, text: str) -> User | None:
    """Return the account with this user name or e-mail address, or None."""
    return _closest(session, or_(has_username(text), has_email(text)), text)


def account_with_username(session: Session, text: str) -> User | None:
    return _closest(session, has_username(text), text)


def account_with_email(session: Session, text: str) -> User | None:
    return _closest(session, has_email(text), text)


def _is_spelled(column: Any, key_column: Any, text: str, key: str) -> ColumnElement[bool]:
    # An account that predates keys has none if another account has the same key; its own spelling is compared.
    return or_(key_column == key, and_(key_column.is_(None), func.lower(column) == func.lower(text)))


def _closest(session: Session, criterion: ColumnElement[bool], text: str) -> User | None:
    """Return the first match; an account with this exact spelling precedes the one with the key."""
    has_key = or_(User.username_key == username_key(text), User.email_key == email_key(text)).is_(True)
    return session.scalars(select(User).where(criterion).order_by(has_key, User.id).limit(1)).first()
