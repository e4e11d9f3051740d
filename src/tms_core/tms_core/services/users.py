"""Accounts: registering, changing, deactivating, deleting."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tms_core.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from tms_core.models import AccountLink, LinkPurpose, RefreshToken, Status, Task, User
from tms_core.permissions import Actor
from tms_core.services.account_links import end_links
from tms_core.services.passwords import hash_password, is_password
from tms_core.services.personal_tokens import end_personal_tokens
from tms_core.services.tasks import TaskService
from tms_core.services.tokens import TokenService, end_access

# Whoever takes or gives away the administrator's right waits here for the others who do.
ADMINISTRATORS_LOCK = 7_305_310_002
ONLY_ADMIN = ("is_admin", "is_active")


class WrongPasswordError(InvalidError):
    """Somebody who is signed in does not know the account's password."""


class UserService:
    """Enforces who may do what; never commits. `actor` is None for somebody who is not signed in."""

    def __init__(self, session: Session, actor: Actor | None):
        self._session = session
        self._actor = actor

    def create(self, values: Mapping[str, Any]) -> User:
        """A new account from username, email, password, names and, by an administrator, is_admin."""
        is_admin = bool(self._actor and self._actor.is_admin)
        if values.get("is_admin") and not is_admin:
            raise ForbiddenError("Only an administrator makes an administrator.")
        self._refuse_taken(values)
        fields = {name: value for name, value in values.items() if name != "password"}
        user = User(**fields, password_hash=hash_password(values["password"]))
        self._session.add(user)
        self._flush()
        self._session.refresh(user)
        return user

    def get(self, user_id: int) -> User:
        user = self._session.scalar(self._existing().where(User.id == user_id))
        if user is None:
            raise NotFoundError("There is no such user.")
        return user

    def page(self, *, q: str = "", limit: int, offset: int = 0) -> tuple[int, Sequence[User]]:
        """How many accounts match, and one page of them by id; `q` is part of the user name or the names."""
        statement = self._existing()
        if q:
            statement = statement.where(_contains(q))
        count = self._session.scalar(select(func.count()).select_from(statement.subquery())) or 0
        return count, self._session.scalars(statement.order_by(User.id).limit(limit).offset(offset)).all()

    def change(
        self,
        user_id: int,
        values: Mapping[str, Any],
        *,
        current_password: str | None = None,
        session_id: str | None = None,
        tokens: TokenService,
    ) -> User:
        """Set the given fields. A new password needs the current one and ends all other logins; `session_id` is the
        login that stays. An administrator's change of another's needs none, and resets it."""
        if values.keys() & {*ONLY_ADMIN}:
            self._lock_administrators()
        user = self._own(user_id)
        changed = {name: value for name, value in values.items() if name != "password" and getattr(user, name) != value}
        if "email_verified" in changed:
            raise InvalidError.of("email_verified", "is set by the server")
        if changed.keys() & {*ONLY_ADMIN} and not (self._actor and self._actor.is_admin):
            raise ForbiddenError("Only an administrator may change is_admin and is_active.")
        self._refuse_taken(changed, but=user_id)
        self._keep_an_administrator(user, changed)
        for name, value in changed.items():
            setattr(user, name, value)
        if "email" in changed:
            user.email_verified_at = None
        if "password" in values:
            self._change_password(user, values["password"], current_password, session_id, tokens)
        self._flush()
        if changed.get("is_active") is False:
            self._lock_out(user_id, tokens)
        elif "is_admin" in changed:
            end_access(self._session, user_id)
        return user

    def delete(self, user_id: int, tokens: TokenService) -> None:
        """End the account: it leaves every list, what is personal is erased, its open tasks become unassigned."""
        self._lock_administrators()
        user = self._own(user_id)
        self._keep_an_administrator(user, {"is_active": False})
        self._lock_out(user_id, tokens)
        self._unassign_open_tasks(user_id)
        self._erase(user)

    def reset_password(self, user: User, password: str, tokens: TokenService) -> None:
        """A new password for one who has proved by mail who it is. Whoever had the account until now has it no more:
        every login and every personal token ends."""
        self._set_password(user, password)
        self._lock_out(user.id, tokens)

    def _existing(self) -> Select[User]:
        return select(User).where(User.deleted_at.is_(None))

    def _own(self, user_id: int) -> User:
        """The account, locked, if the actor may change it."""
        user = self._session.scalar(self._existing().where(User.id == user_id).with_for_update())
        if user is None:
            raise NotFoundError("There is no such user.")
        if self._actor is None or (self._actor.id != user_id and not self._actor.is_admin):
            raise ForbiddenError("A user changes only itself; an administrator anyone.")
        return user

    def _refuse_taken(self, values: Mapping[str, Any], but: int | None = None) -> None:
        for name in ("username", "email"):
            if values.get(name) is None:
                continue
            column = getattr(User, name)
            owner = self._session.scalar(select(User.id).where(func.lower(column) == func.lower(values[name])))
            if owner is not None and owner != but:
                raise ConflictError(name, "is taken")

    def _flush(self) -> None:
        try:
            self._session.flush()
        except IntegrityError as error:
            # Somebody took the name between our look and now.
            constraint = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
            for name in ("username", "email"):
                if constraint == f"uq_users_{name}_lower":
                    raise ConflictError(name, "is taken") from None
            raise

    def _change_password(
        self, user: User, password: str, current: str | None, session_id: str | None, tokens: TokenService
    ) -> None:
        if self._actor is None or self._actor.id != user.id:
            self.reset_password(user, password, tokens)
            return
        if not is_password(user.password_hash, current or ""):
            raise WrongPasswordError.of("current_password", "must be your present password")
        self._set_password(user, password)
        tokens.revoke_all(user.id, except_session=session_id)

    def _set_password(self, user: User, password: str) -> None:
        user.password_hash = hash_password(password)
        end_links(self._session, user.id, LinkPurpose.PASSWORD_RESET)

    def _lock_out(self, user_id: int, tokens: TokenService) -> None:
        tokens.revoke_all(user_id)
        end_personal_tokens(self._session, user_id)

    def _erase(self, user: User) -> None:
        """What is personal; the row and the name stay, because tasks and events refer to them."""
        user.is_active = user.is_admin = False
        user.email = user.email_verified_at = user.password_hash = None
        user.first_name = user.last_name = ""
        user.deleted_at = func.now()
        self._session.flush()
        logins = update(RefreshToken).where(RefreshToken.user_id == user.id)
        self._session.execute(logins.values(user_agent=None, address=None))
        self._session.execute(delete(AccountLink).where(AccountLink.user_id == user.id))

    def _lock_administrators(self) -> None:
        self._session.execute(select(func.pg_advisory_xact_lock(ADMINISTRATORS_LOCK)))

    def _keep_an_administrator(self, user: User, changed: Mapping[str, Any]) -> None:
        leaves = changed.get("is_admin") is False or changed.get("is_active") is False
        if not (leaves and user.is_admin and user.is_active):
            return
        others = self._session.scalar(select(func.count()).where(User.is_admin, User.is_active, User.id != user.id))
        if not others:
            raise ConflictError("is_admin", "the last active administrator must stay one")

    def _unassign_open_tasks(self, user_id: int) -> None:
        open_tasks = self._session.scalars(
            select(Task.id)
            .where(Task.assigned_to == user_id, Task.status.in_([Status.PENDING, Status.IN_PROGRESS]))
            .order_by(Task.id)
            # One that is just being deleted or given to another is another's matter.
            .with_for_update(key_share=True)
        ).all()
        # As an administrator: an assignee's account may end though it created none of them.
        tasks = TaskService(self._session, Actor(self._actor.id if self._actor else user_id, True), "team")
        for task_id in open_tasks:
            tasks.change(task_id, {"assigned_to": None})


def _contains(text: str) -> ColumnElement[bool]:
    return or_(
        *(column.icontains(text, autoescape=True) for column in (User.username, User.first_name, User.last_name))
    )
