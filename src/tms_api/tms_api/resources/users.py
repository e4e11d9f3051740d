from typing import Any

from tms_api.idempotency import idempotent
from tms_api.pagination import NAMES, envelope, read_page
from tms_api.resources.tokens import token_service
from tms_api.schemas.users import NewUser, UserChange, WholeUser
from tms_core.errors import ForbiddenError, InvalidError
from tms_core.models import User
from tms_core.permissions import Actor
from tms_core.services.users import UserService
from tms_core.web.resource import id_of, json_response, open_to_all, resource
from tms_core.web.validation import body_of, query_of

LONGEST_SEARCH = 150


def present(user: User, actor: Actor | None) -> dict[str, Any]:
    """What the actor may see of an account: others' names only, one's own and, as administrator, all."""
    shown: dict[str, Any] = {"id": user.id, "username": user.username}
    is_close = actor is not None and (actor.is_admin or actor.id == user.id)
    if is_close:
        shown["email"] = user.email
    shown |= {"first_name": user.first_name, "last_name": user.last_name}
    if is_close:
        shown |= {"is_admin": user.is_admin, "is_active": user.is_active}
    return shown


@resource(collection_path="/api/users", path=r"/api/users/{id:\d+|me}")
class Users:
    def __init__(self, request, context=None):
        self.request = request
        self.actor = request.actor if request.claims else None
        self.users = UserService(request.db, self.actor)

    @open_to_all
    @idempotent
    def collection_post(self):
        """Register. Where registration is closed, an administrator does it."""
        is_closed = self.request.registry.tms.core.registration == "closed"
        if is_closed and not (self.actor and self.actor.is_admin):
            raise ForbiddenError("Registration is closed; an administrator creates accounts.")
        user = self.users.create(body_of(self.request, NewUser).values())
        shown = {
            "id": user.id,
            "username": user.username,
            "email": user.email,
            "first_name": user.first_name,
            "last_name": user.last_name,
        }
        return json_response(shown, status=201, headers={"Location": f"/api/users/{user.id}"})

    def collection_get(self):
        """The accounts, a page at a time; `q` is part of the user name or the names."""
        values = query_of(self.request, (*NAMES, "q"))
        page = read_page(values)
        count, users = self.users.page(q=_search(values), limit=page.size, offset=page.offset)
        results = [present(user, self.actor) for user in users]
        return json_response(envelope(self.request, values, page, count, results))

    def get(self):
        query_of(self.request, ())
        return json_response(present(self.users.get(self._id()), self.actor))

    def put(self):
        return self._change(WholeUser)

    def patch(self):
        return self._change(UserChange)

    def delete(self):
        self.users.delete(self._id(), token_service(self.request))
        return json_response({})

    def _change(self, schema: type[UserChange]):
        user_id = self._id()
        body = body_of(self.request, schema)
        if body.id not in (None, user_id):
            raise InvalidError.of("id", f"is set by the server: {user_id}")
        user = self.users.change(
            user_id,
            body.values(),
            current_password=body.current_password,
            session_id=self.request.claims.session,
            tokens=token_service(self.request),
        )
        return json_response(present(user, self.actor))

    def _id(self) -> int:
        if self.request.matchdict["id"] == "me":
            return self.request.actor.id
        return id_of(self.request)


def _search(values: dict[str, list[str]]) -> str:
    text = " ".join(values.get("q", [])).strip()
    if "\x00" in text or len(text) > LONGEST_SEARCH:
        raise InvalidError.of("q", f"must be text of at most {LONGEST_SEARCH} characters", "query")
    return text
