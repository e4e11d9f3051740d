"""The token in a mail that turns mails of its kind off, without a log-in and for ever."""

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
# What a link turns off, and which preferences that is.
TURNED_OFF = {**{name: (name,) for name in PREFERENCES}, "all": PREFERENCES}
PATH = "/api/notifications/unsubscribe"


@dataclass(frozen=True)
class UnsubscribeTokens:
    key: str

    def create(self, user_id: int, preference: str) -> str:
        return f"{user_id}.{preference}.{self._signature(f'{user_id}.{preference}')}"

    def read(self, token: str) -> tuple[int, str] | None:
        """The user and the key of `TURNED_OFF` that a token of ours names, else None."""
        said, _, signature = token.rpartition(".")
        user_id, _, preference = said.partition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(said).encode()):
            return None
        return (int(user_id), preference) if preference in TURNED_OFF else None

    def _signature(self, said: str) -> str:
        digest = hmac.digest(self._own_key, said.encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest[:18]).decode()

    @cached_property
    def _own_key(self) -> bytes:
        """A key for this purpose only, derived from the one that signs access tokens."""
        return hmac.digest(self.key.encode(), PURPOSE, hashlib.sha256)


def unsubscribe_url(runtime: Runtime, user_id: int, preference: str) -> str:
    token = UnsubscribeTokens(runtime.core.jwt_key).create(user_id, preference)
    address = urlsplit(f"{runtime.core.public_url}{PATH}")
    # A header takes ASCII only.
    return quote(address._replace(netloc=_ascii_netloc(address), query=f"token={token}").geturl(), safe=punctuation)


def _ascii_netloc(address: SplitResult) -> str:
    host = address.hostname or ""
    try:
        return address.netloc if host.isascii() else address.netloc.lower().replace(host, ascii_host(host))
    except idna.IDNAError:
        return address.netloc
