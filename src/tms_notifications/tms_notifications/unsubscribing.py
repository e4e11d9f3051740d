"""The token in a mail that turns mails of its kind off, without a log-in and for ever."""

import base64
import hashlib
import hmac
import string
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote

from tms_core.runtime import Runtime

PURPOSE = b"tms.notifications.unsubscribe"
PREFERENCES = ("assigned", "updated", "due_soon")
PATH = "/api/notifications/unsubscribe"


@dataclass(frozen=True)
class UnsubscribeTokens:
    key: str

    def create(self, user_id: int, preference: str) -> str:
        return f"{user_id}.{preference}.{self._signature(f'{user_id}.{preference}')}"

    def read(self, token: str) -> tuple[int, str] | None:
        """The user and the preference that a token of ours names, else None."""
        said, _, signature = token.rpartition(".")
        user_id, _, preference = said.partition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(said).encode()):
            return None
        return (int(user_id), preference) if preference in PREFERENCES else None

    def _signature(self, said: str) -> str:
        digest = hmac.digest(self._own_key, said.encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest[:18]).decode()

    @cached_property
    def _own_key(self) -> bytes:
        """A key for this purpose only, derived from the one that signs access tokens."""
        return hmac.digest(self.key.encode(), PURPOSE, hashlib.sha256)


def unsubscribe_url(runtime: Runtime, user_id: int, preference: str) -> str:
    token = UnsubscribeTokens(runtime.core.jwt_key).create(user_id, preference)
    # A header takes ASCII only; browsers read the host of a deployment in other letters from this too.
    return quote(f"{runtime.core.public_url}{PATH}?token={token}", safe=string.punctuation)
