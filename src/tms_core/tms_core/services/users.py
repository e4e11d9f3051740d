"""Accounts: creating, changing, deactivating and deleting."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tms_core import error_codes as codes
from tms_core.errors import ConflictError, FieldError, ForbiddenError, InvalidError, NotFoundError
from tms_core.identity.email_addresses import email_key
from tms_core.models import OPEN_STATUSES, AccountLink, LinkPurpose, RefreshToken, Task, User
from tms_core.permissions import Actor
from tms_core.runtime import Runtime
from tms_core.services.account_checks import conflict_of, normalized, reject_taken
from tms_core.services.account_links import end_links
from tms_core.services.passwords import hash_password, is_password
from tms_core.services.personal_tokens import end_personal_tokens
from tms_core.services.tasks import TaskService
from tms_core.services.tokens import TokenService, end_access

# Advisory lock that serializes changes of administrators; acquired after the locks of the users' rows.
ADMINISTRATORS_LOCK = 7_305_310_002
ONLY_ADMIN = ("is_admin", "is_active")
LAST_ADMINISTRATOR = "This is the last active administrator: make another account an administrator first."
# Called with an account and its previous address.
OnEmailChange = Callable[[User, str], None]


class WrongPasswordError(InvalidError):
    """A wrong current password in a request that changes the password."""


class PasswordRequiredError(ForbiddenError):
    """A wrong current password in a request that the password protects."""

    code = codes.PASSWORD_WRONG


class UserService:
    """Enforces permissions and rules; never commits.

    `actor` is None for an anonymous caller; `smtputf8` is the setting of that name.
    """

    def __init__(self, session: Session, actor: Actor | None, *, smtputf8: bool = False):
        self._session = session
        self._actor = actor
        self._smtputf8 = smtputf8

    def create(self, values: Mapping[str, Any]) -> User:
        """Create an account from username, email, password, names and, by an administrator, is_admin.

        An address that an administrator sets counts as verified. Without a password, which only an administrator may
        omit, the account can sign in once a password reset link has been used.
        """
        is_admin = bool(self._actor and self._actor.is_admin)
        if values.get("is_admin") and not is_admin:
            raise ForbiddenError("Only an administrator may create an administrator.", codes.ADMINISTRATOR_REQUIRED)
        if "password" not in values and not is_admin:
            raise InvalidError.of("password", "is required", codes.REQUIRED)
        values = normalized(values, smtputf8=self._smtputf8)
        reject_taken(self._session, values)
        fields = {name: value for name, value in values.items() if name != "password"}
        user = User(**fields, password_hash=hash_password(values["password"]) if "password" in values else None)
        user.email_verified_at = func.now() if is_admin else None
        self._session.add(user)
        self._flush()
        self._session.refresh(user)
        return user

    def get(self, user_id: int) -> User:
        user = self._session.scalar(self._existing().where(User.id == user_id))
        if user is None:
            raise NotFoundError("There is no such user.", codes.USER_NOT_FOUND)
        return user

    def administered(self, user_id: int) -> User:
        """Return an account, locked, for an action of an administrator; raises `ForbiddenError` for anybody else."""
        if self._actor is None or not self._actor.is_admin:
            raise ForbiddenError("Only administrators may do this.", codes.ADMINISTRATOR_REQUIRED)
        return self._own(user_id)

    def end_access(self, user_id: int, tokens: TokenService, *, end_personal: bool) -> User:
        """End all sessions of an account, and its personal tokens with `end_personal`, as an administrator."""
        user = self.administered(user_id)
        tokens.revoke_all(user.id)
        if end_personal:
            end_personal_tokens(self._session, user.id)
        return user

    def change(
        self,
        user_id: int,
        values: Mapping[str, Any],
        *,
        current_password: str | None = None,
        session_id: str | None = None,
        tokens: TokenService,
        on_email_change: OnEmailChange | None = None,
    ) -> User:
        """Set the given fields and return the account.

        Changing one's own password or address requires `current_password`. A new password ends all other sessions but
        `session_id`. For another account, an administrator needs no current password; setting its password resets it.
        """
        user = self._own(user_id)
        if values.keys() & {*ONLY_ADMIN}:
            self._lock_administrators()
        changed = self._changed(user, values)
        if changed.keys() & {*ONLY_ADMIN} and not (self._actor and self._actor.is_admin):
            message = "Only an administrator may change is_admin and is_active."
            raise ForbiddenError(message, codes.ADMINISTRATOR_REQUIRED)
        is_email_change = "email" in changed and email_key(changed["email"]) != email_key(user.email or "")
        # Before the check for conflicts, so that a token alone does not disclose whether an address is taken.
        if is_email_change:
            self._require_password_for_email(user, current_password)
        if "password" in changed:
            self._require_password_for_password(user, current_password)
        reject_taken(self._session, changed, but=user_id)
        self._require_remaining_administrator(user, changed)
        if is_email_change:
            self._record_email_change(user, on_email_change)
        for name, value in changed.items():
            if name != "password":
                setattr(user, name, value)
        if "password" in changed:
            self._change_password(user, changed["password"], session_id, tokens)
        self._flush()
        if changed.get("is_active") is False:
            self._end_all_access(user_id, tokens)
        elif "is_admin" in changed:
            end_access(self._session, user_id)
        return user

    def take_email_back(self, user: User, email: str, tokens: TokenService) -> None:
        """Revert a change of address, on proof of access to the old mailbox.

        Because the change required the password, the password is removed and all sessions and personal tokens end. A
        new password requires a mailed link.
        """
        reject_taken(self._session, {"email": email}, but=user.id)
        user.email, user.email_verified_at, user.email_changed_at = email, func.now(), None
        user.password_hash = None
        self._flush()
        self._end_all_access(user.id, tokens)

    def delete(self, user_id: int, tokens: TokenService) -> None:
        """Delete the account: hide it from all lists, erase personal data and unassign its open tasks."""
        user = self._own(user_id)
        self._lock_administrators()
        self._require_remaining_administrator(user, None)
        self._end_all_access(user_id, tokens)
        self._unassign_open_tasks(user_id)
        self._erase(user)

    def reset_password(self, user: User, password: str, tokens: TokenService) -> None:
        """Set a new password after proof by mail, or by an administrator; end all sessions and personal tokens."""
        self._set_password(user, password)
        self._end_all_access(user.id, tokens)

    def _existing(self) -> Select[User]:
        return select(User).where(User.deleted_at.is_(None))

    def _own(self, user_id: int) -> User:
        """Return the account, locked; raises `NotFoundError`, or `ForbiddenError` if the actor may not change it."""
        statement = self._existing().where(User.id == user_id).with_for_update()
        # Refresh, because the account may have been read without the lock before.
        user = self._session.scalar(statement, execution_options={"populate_existing": True})
        if user is None:
            raise NotFoundError("There is no such user.", codes.USER_NOT_FOUND)
        if self._actor is None or (self._actor.id != user_id and not self._actor.is_admin):
            raise ForbiddenError("Only the user or an administrator may change an account.", codes.OTHER_ACCOUNT)
        return user

    def _is_owner(self, user: User) -> bool:
        return self._actor is not None and self._actor.id == user.id

    def _changed(self, user: User, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values that differ from the account's, normalized.

        Unchanged values are not validated, so that names from before the present rules can stay.
        """
        given = {name: value for name, value in values.items() if name == "password" or getattr(user, name) != value}
        if "email_verified" in given:
            raise InvalidError.of("email_verified", "is set by the server", codes.READ_ONLY)
        found = normalized(given, smtputf8=self._smtputf8)
        return {name: value for name, value in found.items() if name == "password" or getattr(user, name) != value}

    def _flush(self) -> None:
        try:
            self._session.flush()
        except IntegrityError as error:
            raise conflict_of(error) or error from None

    def _require_password_for_password(self, user: User, current: str | None) -> None:
        if self._is_owner(user) and not is_password(user.password_hash, current or ""):
            message = "must be your present password"
            raise WrongPasswordError.of("current_password", message, codes.PASSWORD_WRONG)

    def _require_password_for_email(self, user: User, current: str | None) -> None:
        if not self._is_owner(user):
            return
        if current is None:
            raise InvalidError.of("current_password", "is required to change email", codes.PASSWORD_REQUIRED)
        if not is_password(user.password_hash, current):
            raise PasswordRequiredError("current_password is not your present password, so email stays as it is.")

    def _record_email_change(self, user: User, on_email_change: OnEmailChange | None) -> None:
        """Record a change of address; an address set by an administrator counts as verified.

        `on_email_change` is called if the old address was verified or the account's first; others may be a stranger's.
        """
        if user.email and on_email_change and (user.email_verified or user.email_changed_at is None):
            on_email_change(user, user.email)
        user.email_verified_at = None if self._is_owner(user) else func.now()
        user.email_changed_at = func.now() if self._is_owner(user) else None

    def _change_password(self, user: User, password: str, session_id: str | None, tokens: TokenService) -> None:
        if not self._is_owner(user):
            self.reset_password(user, password, tokens)
            return
        self._set_password(user, password)
        tokens.revoke_all(user.id, except_session=session_id)

    def _set_password(self, user: User, password: str) -> None:
        user.password_hash = hash_password(password)
        end_links(self._session, user.id, LinkPurpose.PASSWORD_RESET)

    def _end_all_access(self, user_id: int, tokens: TokenService) -> None:
        tokens.revoke_all(user_id)
        end_personal_tokens(self._session, user_id)

    def _erase(self, user: User) -> None:
        """Erase personal data; the row and the user name stay, because tasks and events refer to them."""
        user.is_active = user.is_admin = False
        user.email = user.email_verified_at = user.email_changed_at = user.password_hash = None
        user.first_name = user.last_name = ""
        user.deleted_at = func.now()
        self._session.flush()
        sessions = update(RefreshToken).where(RefreshToken.user_id == user.id)
        self._session.execute(sessions.values(user_agent=None, address=None))
        self._session.execute(delete(AccountLink).where(AccountLink.user_id == user.id))

    def _lock_administrators(self) -> None:
        self._session.execute(select(func.pg_advisory_xact_lock(ADMINISTRATORS_LOCK)))

    def _require_remaining_administrator(self, user: User, changed: Mapping[str, Any] | None) -> None:
        """Raise `ConflictError` if no active administrator would remain; `changed` is None for a deletion."""
        leaving = [name for name in ONLY_ADMIN if changed and changed.get(name) is False]
        if not (user.is_admin and user.is_active) or not (leaving or changed is None):
            return
        others = self._session.scalar(select(func.count()).where(User.is_admin, User.is_active, User.id != user.id))
        if not others:
            code = codes.LAST_ADMINISTRATOR
            errors = [FieldError("body", name, "must stay true", code) for name in leaving]
            raise ConflictError.of_all(errors, LAST_ADMINISTRATOR, code)

    def _unassign_open_tasks(self, user_id: int) -> None:
        open_tasks = self._session.scalars(
            select(Task.id)
            .where(Task.assigned_to == user_id, Task.status.in_(OPEN_STATUSES))
            .order_by(Task.id)
            # Tasks that are concurrently deleted or reassigned drop out after the wait.
            .with_for_update(key_share=True)
        ).all()
        # As an administrator, because the assignee may not be allowed to change the task.
        tasks = TaskService(self._session, Actor(self._actor.id if self._actor else user_id, True), "team")
        for task_id in open_tasks:
            tasks.change(task_id, {"assigned_to": None})


def create_service(runtime: Runtime, session: Session, actor: Actor | None) -> UserService:
    return UserService(session, actor, smtputf8=runtime.core.smtputf8)
