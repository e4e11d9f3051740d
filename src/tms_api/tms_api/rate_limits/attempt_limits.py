"""Rate limits of failed attempts: wrong passwords and wrong tokens of mailed links.

Wrong passwords are counted per account and network, per network, and, with a much higher limit, per account. A device
that has signed in to the account before has a limit of its own, and a network with an open session of the account is
exempt from the limit per account. Guesses by others therefore do not lock the owner out.

Attempts count whether or not the account exists, so responses do not reveal which accounts exist. A user name and an
e-mail address are counted separately even if they belong to one account; a common count would reveal that they do.
"""

import hashlib
from collections.abc import Callable
from typing import TypeVar

from tms_api.known_clients import KnownClient, client_known_by_actor, client_known_by_name
from tms_api.rate_limits.limiter import Limit, Limiter
from tms_api.settings import ApiSettings
from tms_core.errors import ConflictError
from tms_core.identity.email_addresses import email_key
from tms_core.identity.usernames import username_key
from tms_core.services.users import PasswordRequiredError, WrongPasswordError
from tms_core.web.client_address import client_network

T = TypeVar("T")
WRONG = (WrongPasswordError, PasswordRequiredError)


class AttemptLimits:
    """Rate limits that count only failed attempts."""

    def __init__(self, limiter: Limiter, *limits: Limit, counted: tuple[type[Exception], ...] = WRONG):
        self._limiter = limiter
        self._limits = limits
        self._counted = counted

    def attempt(self, check: Callable[[], T]) -> T:
        """Return the result of `check`. A result of None and the `counted` exceptions count as failed attempts.

        Raises `TooManyRequestsError`, without calling `check`, when a limit is exhausted.
        """
        self._limiter.require_room(*self._limits)
        try:
            found = check()
        except self._counted:
            self._limiter.count(*self._limits)
            raise
        if found is None:
            self._limiter.count(*self._limits)
        else:
            # Concurrent attempts: a success does not count once the others have exhausted the limit.
            self._limiter.require_room(*self._limits)
        return found


def attempt(check: Callable[[], T], *limits: AttemptLimits) -> T:
    """Return the result of `check`, called under several `AttemptLimits`."""
    if not limits:
        return check()
    return limits[0].attempt(lambda: attempt(check, *limits[1:]))


def password_attempt_limits(request, account: str) -> AttemptLimits:
    """Return the limits of signing in. `account` is the user name or e-mail address as the client sent it."""
    limits = guess_limits(request, "sign-in", key_of(account), client_known_by_name(request, account))
    return AttemptLimits(request.registry.limiter, *limits)


def own_password_limits(request) -> AttemptLimits:
    """Return the limits for a signed-in user who confirms an operation with `current_password`."""
    limits = guess_limits(request, "password", str(request.actor.id), client_known_by_actor(request))
    return AttemptLimits(request.registry.limiter, *limits)


def guess_limits(request, name: str, account: str, client: KnownClient) -> tuple[Limit, ...]:
    """Return the limits of wrong passwords for a client. Each `name` has its own counters."""
    settings = request.registry.tms.settings(ApiSettings)
    if client.device:
        return (Limit(f"{name}-device", settings.limit_sign_in_account, client.device),)
    per_network = Limit(f"{name}-account", settings.limit_sign_in_account, f"{account}@{client_network(request)}")
    per_account = Limit(f"{name}-account-everywhere", settings.limit_sign_in_account_everywhere, account)
    return (per_network, *unless_known(request, per_account, client), _network_limit(request))


def unless_known(request, per_account: Limit, client: KnownClient) -> tuple[Limit, ...]:
    """Return the limit shared by all networks, or no limit if it is exhausted and the client's network is known."""
    is_exhausted = not request.registry.limiter.has_room(per_account)
    return () if is_exhausted and client.is_in_known_network else (per_account,)


def taken_name_limits(request) -> AttemptLimits:
    """Return the limits of 409 responses to setting a user name or e-mail address, which reveal existing accounts.

    Administrators, who can list all accounts, are exempt.
    """
    rates = request.registry.tms.settings(ApiSettings).limit_taken
    limits = [Limit("taken-address", rates, client_network(request))]
    if request.claims:
        limits.append(Limit("taken-user", rates, str(request.actor.id)))
    is_admin = bool(request.claims and request.actor.is_admin)
    return AttemptLimits(request.registry.limiter, *([] if is_admin else limits), counted=(ConflictError,))


def link_attempt_limits(request) -> AttemptLimits:
    """Return the limits of wrong tokens of mailed links."""
    return AttemptLimits(request.registry.limiter, _network_limit(request))


def _network_limit(request) -> Limit:
    settings = request.registry.tms.settings(ApiSettings)
    return Limit("sign-in-address", settings.limit_sign_in_address, client_network(request))


def key_of(account: str) -> str:
    """Return a rate limit key that is equal for all spellings of a user name or e-mail address."""
    key = email_key(account) if "@" in account else username_key(account)
    return hashlib.sha256(key.encode()).hexdigest()[:32]
