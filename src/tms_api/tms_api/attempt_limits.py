"""Guessing passwords and mailed tokens is slow, and locks nobody else out.

Wrong passwords are counted by the account that was named together with the network they come from, by the network, and,
with a far higher bound, by the account alone. A device that has signed in to the account before counts by itself, and
a network with an open session of the account is not held to the bound of the account alone: what others guess does not
keep the owner out.

What is named need not exist, so the answer does not tell whether it does. A user name and an e-mail address count
apart, though they may be one account's: together they would tell that they are.
"""

import hashlib
from collections.abc import Callable
from typing import TypeVar

from tms_api.known_clients import KnownClient, client_known_by_actor, client_known_by_name
from tms_api.limiter import Limit, Limiter
from tms_api.settings import ApiSettings
from tms_core.errors import ConflictError
from tms_core.identity.email_addresses import email_key
from tms_core.identity.usernames import username_key
from tms_core.services.users import PasswordRequiredError, WrongPasswordError
from tms_core.web.client_address import client_network

T = TypeVar("T")
WRONG = (WrongPasswordError, PasswordRequiredError)


class AttemptLimits:
    def __init__(self, limiter: Limiter, *limits: Limit, counted: tuple[type[Exception], ...] = WRONG):
        self._limiter = limiter
        self._limits = limits
        self._counted = counted

    def attempt(self, check: Callable[[], T]) -> T:
        """What `check` returns or raises; None and the `counted` errors count as wrong. After too many wrong ones
        raises `TooManyRequestsError` before it looks at all."""
        self._limiter.require_room(*self._limits)
        try:
            found = check()
        except self._counted:
            self._limiter.count(*self._limits)
            raise
        if found is None:
            self._limiter.count(*self._limits)
        else:
            # Of many guesses sent at once none may succeed after the others have used up the limit.
            self._limiter.require_room(*self._limits)
        return found


def attempt(check: Callable[[], T], *guards: AttemptLimits) -> T:
    """`check` under several guards."""
    if not guards:
        return check()
    return guards[0].attempt(lambda: attempt(check, *guards[1:]))


def password_attempt_limits(request, account: str) -> AttemptLimits:
    """For a caller who is not signed in; `account` is as the caller named it."""
    limits = guess_limits(request, "sign-in", key_of(account), client_known_by_name(request, account))
    return AttemptLimits(request.registry.limiter, *limits)


def own_password_guard(request) -> AttemptLimits:
    """For a caller who is signed in and has to prove that it knows the account's password."""
    limits = guess_limits(request, "password", str(request.actor.id), client_known_by_actor(request))
    return AttemptLimits(request.registry.limiter, *limits)


def guess_limits(request, name: str, account: str, client: KnownClient) -> tuple[Limit, ...]:
    """The limits of wrong passwords that hold for a client; those of several names count apart."""
    settings = request.registry.tms.settings(ApiSettings)
    if client.device:
        return (Limit(f"{name}-device", settings.limit_sign_in_account, client.device),)
    here = Limit(f"{name}-account", settings.limit_sign_in_account, f"{account}@{client_network(request)}")
    everywhere = Limit(f"{name}-account-everywhere", settings.limit_sign_in_account_everywhere, account)
    return (here, *unless_known(request, everywhere, client), _from_here(request))


def unless_known(request, everywhere: Limit, client: KnownClient) -> tuple[Limit, ...]:
    """A limit that all networks use up together; none for a client in a known network, once it is used up."""
    is_used_up = not request.registry.limiter.has_room(everywhere)
    return () if is_used_up and client.is_in_known_network else (everywhere,)


def taken_guard(request) -> AttemptLimits:
    """For a caller who sets a user name or an e-mail address: the answer that one is taken tells that somebody has
    it. Administrators, who see them all anyway, are not limited."""
    rates = request.registry.tms.settings(ApiSettings).limit_taken
    limits = [Limit("taken-address", rates, client_network(request))]
    if request.claims:
        limits.append(Limit("taken-user", rates, str(request.actor.id)))
    is_admin = bool(request.claims and request.actor.is_admin)
    return AttemptLimits(request.registry.limiter, *([] if is_admin else limits), counted=(ConflictError,))


def link_attempt_limits(request) -> AttemptLimits:
    return AttemptLimits(request.registry.limiter, _from_here(request))


def _from_here(request) -> Limit:
    settings = request.registry.tms.settings(ApiSettings)
    return Limit("sign-in-address", settings.limit_sign_in_address, client_network(request))


def key_of(account: str) -> str:
    """The same word for all spellings of an account's name or address."""
    key = email_key(account) if "@" in account else username_key(account)
    return hashlib.sha256(key.encode()).hexdigest()[:32]
