"""Recognition of clients that the owner of an account has used, by device cookie or by network."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import select

from tms_api.device_cookies import device_of, has_device_cookie
from tms_core.client_address import network_of
from tms_core.models import RefreshToken, User
from tms_core.services.account_lookup import account_named
from tms_core.services.tokens import unused
from tms_core.web.client_address import client_network


@dataclass(frozen=True)
class KnownClient:
    """The client of a request in relation to an account, which need not exist.

    The account is looked up lazily. Whether the lookup happens does not depend on whether the account exists, so that
    the response time does not reveal it.
    """

    request: Any
    find_user: Callable[[], User | None]

    @cached_property
    def device(self) -> str | None:
        """The id of the client's device cookie for the account, or None without a valid one."""
        return device_of(self.request, self._user) if has_device_cookie(self.request) else None

    @cached_property
    def is_in_known_network(self) -> bool:
        """Whether an open session of the account was last used from the client's network."""
        network = client_network(self.request)
        if not network:
            return False
        user_id = self._user.id if self._user else 0
        addresses = self.request.db.scalars(select(RefreshToken.address).where(*unused(user_id)))
        return any(address and network_of(address) == network for address in addresses)

    @cached_property
    def _user(self) -> User | None:
        return self.find_user()


def client_known_by_name(request, account: str) -> KnownClient:
    """Return the client in relation to the account with this user name or e-mail address."""
    return KnownClient(request, lambda: account_named(request.db, account))


def client_known_by_actor(request) -> KnownClient:
    """Return the client in relation to the account that is signed in."""
    return KnownClient(request, lambda: request.db.get(User, request.actor.id))
