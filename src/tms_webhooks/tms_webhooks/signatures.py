"""Secrets and signatures of the Standard Webhooks scheme (https://www.standardwebhooks.com)."""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable

PREFIX = "whsec_"
SECRET_BYTES = 32
# 24 to 64 bytes in base64 with padding.
SECRET_PATTERN = (
    rf"^{PREFIX}(?:(?:[A-Za-z0-9+/]{{4}}){{8,20}}(?:[A-Za-z0-9+/]{{2}}==|[A-Za-z0-9+/]{{3}}=)?"
    r"|(?:[A-Za-z0-9+/]{4}){21}(?:[A-Za-z0-9+/]{2}==)?)$"
)
MAX_SECRET_LENGTH = len(PREFIX) + 88
SECRET = re.compile(SECRET_PATTERN)


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def sign(keys: Iterable[bytes], message_id: str, timestamp: int, body: bytes) -> str:
    """Return the header `webhook-signature`: one signature per key, separated by spaces.

    Each is HMAC-SHA256 over `id.timestamp.body`. `timestamp` is in seconds since the epoch.
    """
    content = f"{message_id}.{timestamp}.".encode() + body
    digests = (hmac.digest(key, content, hashlib.sha256) for key in keys)
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)


def key_of(secret: str) -> bytes:
    """Return the key in a secret such as `whsec_MfKQ…`."""
    return base64.b64decode(secret.removeprefix(PREFIX))
