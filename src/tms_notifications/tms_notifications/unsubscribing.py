"""Signed unsubscribe tokens, which need no sign-in and do not expire."""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from functools import cached_property
from string import punctuation
from urllib.parse import SplitResult, quote, urlsplit

import idna

from tms_core.runtime import Runtime
from tms_notifications.hostnames import ascii_host

PURPOSE = b"tms.notifications.unsubscribe"
PREFERENCES = ("assigned", "updated", "due_soon")
# The preferences that are turned off by the value in the token.
TURNED_OFF = {**{name: (name,) for name in PREFERENCES}, "all": PREFERENCES}
PATH = "/api/notifications/unsubscribe"


@dataclass(frozen=True)
class UnsubscribeTokens:
    key: str

    def create(self, user_id: int, preference: str) -> str:
        return f"{user_id}.{preference}.{self._signature(f'{user_id}.{preference}')}"

    def read(self, token: str) -> tuple[int, str] | None:
        """Return the user's id and the key of `TURNED_OFF`; None if the signature is wrong, or for a sample mail."""
        payload, _, signature = token.rpartition(".")
        user_id, _, preference = payload.partition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(payload).encode()):
            return None
        return (int(user_id), preference) if preference in TURNED_OFF and int(user_id) > 0 else None

    def _signature(self, payload: str) -> str:
        digest = hmac.digest(self._derived_key, payload.encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest[:18]).decode()

    @cached_property
    def _derived_key(self) -> bytes:
        """A key for this purpose only, derived from the key that signs access tokens."""
        return hmac.digest(self.key.encode(), PURPOSE, hashlib.sha256)


class UnsubscribeLinks:
    """Makes the unsubscribe URLs of mails."""

    def __init__(self, runtime: Runtime):
        self._tokens = UnsubscribeTokens(runtime.core.jwt_key)
        address = urlsplit(f"{runtime.core.public_url}{PATH}")
        # Header fields are ASCII.
        self._prefix = quote(address._replace(netloc=_ascii_netloc(address), query="token=").geturl(), safe=punctuation)

    def url(self, user_id: int, preference: str) -> str:
        return self._prefix + self._tokens.create(user_id, preference)


def _ascii_netloc(address: SplitResult) -> str:
    host = address.hostname or ""
    try:
        return address.netloc if host.isascii() else address.netloc.lower().replace(host, ascii_host(host))
    except idna.IDNAError:
        return address.netloc
