from contextlib import nullcontext
from datetime import datetime
from functools import partial
from typing import Any

from tms_api import error_codes as codes
from tms_api.administration_log import log_administration
from tms_api.device_cookies import remember_device
from tms_api.mail_links import mail_reset_link, notify_old_address, verify_changed_address, verify_new_address
from tms_api.openapi.operations import users as operations
from tms_api.preconditions import tag_of
from tms_api.rate_limits.attempt_limits import attempt, own_password_limits, taken_name_limits
from tms_api.rate_limits.limiter import Limit
from tms_api.resources.api_tokens import present_token
from tms_api.resources.tags import USERS
from tms_api.schemas.users import NewUser, Registration, UserChange, UserDeletion, WholeUser
from tms_api.settings import ApiSettings
from tms_api.sign_in import token_service
from tms_core import error_codes as core_codes
from tms_core.errors import ForbiddenError, InvalidError
from tms_core.models import User
from tms_core.permissions import Actor
from tms_core.services.personal_tokens import create_service as personal_token_service
from tms_core.services.personal_tokens import end_personal_tokens
from tms_core.services.recent_authentication import require_password
from tms_core.services.sessions import last_uses
from tms_core.services.user_list import page_of_users
from tms_core.services.users import create_service
from tms_core.values import instant
from tms_core.web.client_address import client_network
from tms_core.web.field_types import IdentityContext
from tms_core.web.idempotency import idempotent
from tms_core.web.pagination import envelope, read_page
from tms_core.web.preconditions import Validators, has_conditions
from tms_core.web.public_url import absolute_url
from tms_core.web.resource import changes_user, id_of, json_response, resource, to_json, token_optional
from tms_core.web.validation import body_of, one_flag, query_of, raw_body, single_value

# Fields that must be unique.
UNIQUE = frozenset({"username", "email"})


def present(user: User, actor: Actor | None) -> dict[str, Any]:
    """Return the fields of an account that the actor may see: only the names, unless it is the owner or an admin."""
    shown: dict[str, Any] = {"id": user.id, "username": user.username}
    is_close = actor is not None and (actor.is_admin or actor.id == user.id)
    if is_close:
        shown |= {"email": user.email, "email_verified": user.email_verified}
    shown |= {"first_name": user.first_name, "last_name": user.last_name}
    if is_close:
        shown |= {"is_admin": user.is_admin, "is_active": user.is_active}
    return shown


@resource(collection_path="/api/users", path=r"/api/users/{id:\d+|me}")
class Users:
    tag = USERS

    def __init__(self, request, context=None):
        self.request = request
        self.actor = request.actor if request.claims else None
        self.smtputf8: bool = request.registry.tms.core.smtputf8
        self.users = create_service(request.registry.tms, request.db, self.actor)

    @token_optional
    @idempotent
    @operations.create_user
    def collection_post(self):
        """Register an account. If registration is closed, only administrators can. If an administrator omits
        `password`, a link to set it is mailed; on a server that sends no mails, create one with
        `POST /api/users/{id}/password-reset-link`."""
        is_closed = self.request.registry.tms.core.registration == "closed"
        is_admin = self.actor is not None and self.actor.is_admin
        if is_closed and not is_admin:
            message = "Registration is closed; ask an administrator for an account."
            raise ForbiddenError(message, codes.REGISTRATION_CLOSED)
        if not is_admin:
            self._count_registration()
        body = body_of(self.request, NewUser if is_admin else Registration, IdentityContext(self.smtputf8))
        user = taken_name_limits(self.request).attempt(lambda: self.users.create(body.values()))
        verify_new_address(self.request, user)
        if is_admin:
            log_administration(self.request, user, "created")
            self._mail_first_link(user)
        shown = {
            "id": user.id,
            "username": user.username,
            "email": user.email,
            "first_name": user.first_name,
            "last_name": user.last_name,
        }
        where = absolute_url(self.request, f"/api/users/{user.id}")
        return json_response(shown, status=201, headers={"Location": where})

    @operations.list_users
    def collection_get(self):
        """List the accounts. Paginated, sorted by id. Administrators see when each account was last used, too."""
        values = query_of(self.request, operations.NAMES)
        page = read_page(values)
        q = _search(values)
        with self.request.expensive_read() if q else nullcontext():
            filters = {name: one_flag(values, name) for name in operations.ROLES}
            count, users = page_of_users(
                self.request.db, self.actor, q=q, **filters, limit=page.size, offset=page.offset
            )
        results = [present(user, self.actor) for user in users]
        if self.actor and self.actor.is_admin:
            uses = last_uses(self.request.db, [user.id for user in users])
            results = [{**one, "last_used_at": _instant(uses.get(one["id"]))} for one in results]
        return json_response(envelope(self.request, values, page, count, results))

    @operations.get_user
    def get(self):
        """Get an account. Only the names, unless the caller is its owner or an administrator."""
        query_of(self.request, ())
        return self._one(self.users.get(self._id()))

    @changes_user
    @operations.replace_user
    def put(self):
        """Replace an account. Omitted first and last names become empty."""
        return self._change(WholeUser)

    @changes_user
    @operations.change_user
    def patch(self):
        """Change an account. Omitted fields stay unchanged. A new password ends all other sessions and, with
        `end_personal_tokens`, all personal tokens. A change of e-mail address is notified to the old address, with a
        link that undoes it."""
        return self._change(UserChange)

    @changes_user
    @operations.delete_user
    def delete(self):
        """Delete an account. Tasks that it created stay; open tasks assigned to it become unassigned. For one's own
        account, `current_password` is optional, and must be right if it is given."""
        user_id = self._id()
        body = body_of(self.request, UserDeletion) if raw_body(self.request) else UserDeletion()
        self._set_validators(user_id)
        if user_id == self.request.actor.id and body.current_password is not None:
            self._confirm(body.current_password)
        user = self.users.get(user_id)
        self.users.delete(user_id, token_service(self.request))
        log_administration(self.request, user, "deleted")
        return json_response({})

    def _change(self, schema: type[UserChange]):
        user_id = self._id()
        before = self.users.get(user_id)
        stored, changed_at = frozenset(filter(None, (before.username, before.email))), before.email_changed_at
        body = body_of(self.request, schema, IdentityContext(self.smtputf8, stored))
        if body.id not in (None, user_id):
            raise InvalidError.of("id", f"is set by the server: {user_id}", core_codes.READ_ONLY)
        if body.end_personal_tokens and "password" not in body.model_fields_set:
            message = "is allowed only with a new password"
            raise InvalidError.of("end_personal_tokens", message, codes.NEEDS_NEW_PASSWORD)

        self._set_validators(user_id)

        def change() -> User:
            return self.users.change(
                user_id,
                body.values(),
                current_password=body.current_password,
                session_id=self.request.claims.session,
                tokens=token_service(self.request),
                on_email_change=partial(notify_old_address, self.request),
            )

        is_guess = body.current_password is not None or "password" in body.model_fields_set
        limits = [own_password_limits(self.request)] if is_guess else []
        limits += [taken_name_limits(self.request)] if UNIQUE & body.model_fields_set else []
        user = attempt(change, *limits)
        log_administration(self.request, user, f"changed {', '.join(sorted(body.values()))} of")
        if user.email and user.email_changed_at not in (None, changed_at):
            verify_changed_address(self.request, user.email)
        if "password" in body.model_fields_set and user_id == self.request.actor.id:
            return self._with_new_password(user, body)
        return self._one(user)

    def _confirm(self, current_password: str) -> None:
        """Require the caller's password; wrong ones count as failed attempts."""

        def confirm() -> bool:
            require_password(self.request.db, self.request.actor.id, current_password)
            return True

        attempt(confirm, own_password_limits(self.request))

    def _mail_first_link(self, user: User) -> None:
        if user.password_hash is None and self.request.registry.tms.mailer is not None:
            mail_reset_link(self.request, user)

    def _one(self, user: User):
        body = to_json(present(user, self.actor))
        return json_response(body, headers={"ETag": f'"{tag_of(body)}"'})

    def _set_validators(self, user_id: int) -> None:
        """Lock the account and set the validators of the request's preconditions."""
        if has_conditions(self.request):
            user = self.users.get(user_id)
            self.request.db.refresh(user, with_for_update=True)
            body = to_json(present(user, self.actor))
            self.request.validators = Validators(f'"{tag_of(body)}"')

    def _with_new_password(self, user: User, body: UserChange):
        """Return the account with its remaining personal tokens, after a change of one's own password."""
        tokens = personal_token_service(self.request.registry.tms, self.request.db, user.id)
        if body.end_personal_tokens:
            end_personal_tokens(self.request.db, user.id)
        left = [present_token(row) for row in tokens.list()]
        response = json_response({**present(user, self.actor), "personal_tokens": left})
        remember_device(self.request, response, user)
        return response

    def _count_registration(self) -> None:
        rates = self.request.registry.tms.settings(ApiSettings).limit_registration
        self.request.registry.limiter.count(Limit("registration", rates, client_network(self.request)))

    def _id(self) -> int:
        if self.request.matchdict["id"] == "me":
            return self.request.actor.id
        return id_of(self.request)


def _instant(value: datetime | None) -> str | None:
    return instant(value) if value else None


def _search(values: dict[str, list[str]]) -> str:
    text = (single_value(values, "q") or "").strip()
    if "\x00" in text or len(text) > operations.MAX_SEARCH_LENGTH:
        most = operations.MAX_SEARCH_LENGTH
        message = f"must be text of at most {most} characters"
        raise InvalidError.of("q", message, core_codes.TOO_LONG, "query", maximum=most)
    return text
