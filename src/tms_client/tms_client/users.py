"""Accounts, as plain dicts."""

from collections.abc import Iterator
from typing import Any, Literal

from tms_client.api import MAX_PAGE_SIZE, AuthenticatedClient, each_result, new_key
from tms_client.errors import NotFoundError
from tms_client.transport import query_params

User = dict[str, Any]
UserId = int | Literal["me"]


class Users:
    """The user endpoints. The id "me" is the signed-in user; of others only administrators see more than the names."""

    def __init__(self, client: AuthenticatedClient):
        self._client = client

    def list(self, q: str | None = None) -> Iterator[User]:
        """Yield the active accounts, with `q` those whose user name or names contain it."""
        return each_result(self._client, "/api/users", query_params({"q": q, "page_size": MAX_PAGE_SIZE}))

    def get(self, user_id: UserId) -> User:
        user: User = self._client.call("GET", _path(user_id))
        return user

    def me(self) -> User:
        return self.get("me")

    def create(self, *, idempotency_key: str | None = None, **fields: Any) -> User:
        """Register an account, exactly once even if the first response is lost."""
        key = idempotency_key or new_key()
        user: User = self._client.call("POST", "/api/users", body=fields, key=key)
        return user

    def update(self, user_id: UserId, **fields: Any) -> User:
        """Change the given fields. A new `password` needs `current_password` and ends all other sessions."""
        user: User = self._client.call("PATCH", _path(user_id), body=fields)
        return user

    def delete(self, user_id: UserId) -> None:
        """Delete an account. The tasks that it created stay."""
        try:
            self._client.call("DELETE", _path(user_id))
        except NotFoundError as error:
            if not error.is_after_lost_answer:
                raise


def _path(user_id: UserId) -> str:
    return f"/api/users/{user_id if user_id == 'me' else int(user_id)}"
