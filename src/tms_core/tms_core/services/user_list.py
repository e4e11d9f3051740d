"""Lists of accounts, as everybody and as administrators see them."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from tms_core import error_codes as codes
from tms_core.errors import ForbiddenError
from tms_core.identity.usernames import username_key
from tms_core.models import User
from tms_core.permissions import Actor


def page_of_users(
    session: Session,
    actor: Actor | None,
    *,
    q: str = "",
    is_active: bool | None = None,
    is_admin: bool | None = None,
    limit: int,
    offset: int = 0,
) -> tuple[int, Sequence[User]]:
    """Return the number of matching accounts and one page of them by id; deleted ones are in no list.

    `q` is a part of a name or, for administrators, of an e-mail address. Raises `ForbiddenError` if anybody else
    filters by `is_active` or `is_admin`.
    """
    sees_all = actor is not None and actor.is_admin
    roles = {User.is_active: is_active, User.is_admin: is_admin}
    if not sees_all and any(value is not None for value in roles.values()):
        message = "Only administrators may filter accounts by is_active and is_admin."
        raise ForbiddenError(message, codes.ADMINISTRATOR_REQUIRED)
    wanted = (column == value for column, value in roles.items() if value is not None)
    statement = select(User).where(User.deleted_at.is_(None), *wanted)
    if q:
        by_email = (User.email.icontains(q, autoescape=True),) if sees_all else ()
        statement = statement.where(or_(_name_contains(q), *by_email))
    count = session.scalar(select(func.count()).select_from(statement.subquery())) or 0
    return count, session.scalars(statement.order_by(User.id).limit(limit).offset(offset)).all()


def _name_contains(text: str) -> ColumnElement[bool]:
    by_key = User.username_key.contains(username_key(text), autoescape=True)
    columns = (User.username, User.first_name, User.last_name)
    return or_(by_key, *(column.icontains(text, autoescape=True) for column in columns))
