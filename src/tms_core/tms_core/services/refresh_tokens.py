"""Refresh token values: the first of a session is random, each successor is derived from its predecessor."""

import base64
import hashlib
import hmac
import secrets


class RefreshTokenChain:
    """Derives the next refresh token from the one in use and the deployment's key.

    Concurrent uses of a refresh token thus return the same successor, although the database stores digests only.
    """

    def __init__(self, key: str):
        # A key for this purpose only, derived from the one that signs access tokens.
        self._key = hmac.digest(key.encode(), b"tms.refresh_token", hashlib.sha256)

    @staticmethod
    def first() -> str:
        return secrets.token_urlsafe(32)

    def successor(self, token: str) -> str:
        digest = hmac.digest(self._key, token.encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")
