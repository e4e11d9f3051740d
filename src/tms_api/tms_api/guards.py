"""Guessing passwords and mailed tokens is slow: wrong ones are counted by the account that was named and by the
address they come from.

What is named need not exist, so the answer does not tell whether it does. A user name and an e-mail address count
apart, though they may be one account's: together they would tell that they are.
"""

import hashlib
from collections.abc import Callable
from typing import TypeVar

from tms_api.limiter import Limit, Limiter
from tms_api.settings import ApiSettings
from tms_core.identity.email_addresses import email_key
from tms_core.identity.usernames import username_key
from tms_core.services.users import PasswordRequiredError, WrongPasswordError
from tms_core.web.client_address import client_network

T = TypeVar("T")


class Guard:
    def __init__(self, limiter: Limiter, *limits: Limit):
        self._limiter = limiter
        self._limits = limits

    def attempt(self, check: Callable[[], T]) -> T:
        """What `check` returns or raises; None and errors about a wrong password count. After too many wrong ones
        raises `TooManyRequestsError` before it looks at all."""
        self._limiter.require_room(*self._limits)
        try:
            found = check()
        except (WrongPasswordError, PasswordRequiredError):
            self._limiter.count(*self._limits)
            raise
        if found is None:
            self._limiter.count(*self._limits)
        else:
            # Of many guesses sent at once none may succeed after the others have used up the limit.
            self._limiter.require_room(*self._limits)
        return found


def password_guard(request, account: str) -> Guard:
    """`account` is as the caller named it."""
    settings = request.registry.tms.settings(ApiSettings)
    limit = Limit("sign-in-account", settings.limit_sign_in_account, key_of(account))
    return Guard(request.registry.limiter, limit, _from_here(request))


def link_guard(request) -> Guard:
    return Guard(request.registry.limiter, _from_here(request))


def _from_here(request) -> Limit:
    settings = request.registry.tms.settings(ApiSettings)
    return Limit("sign-in-address", settings.limit_sign_in_address, client_network(request))


def key_of(account: str) -> str:
    """The same word for all spellings of an account's name or address."""
    key = email_key(account) if "@" in account else username_key(account)
    return hashlib.sha256(key.encode()).hexdigest()[:32]
