"""The words that refresh tokens are: the first of a session is random, each further one follows from the one before."""

import base64
import hashlib
import hmac
import secrets


class RefreshTokenChain:
    """Two who use the same refresh token at once get the same new one, though the database has only digests: it is
    derived from the used one, which the caller has just shown, by the deployment's key."""

    def __init__(self, key: str):
        # A key for this purpose only, derived from the one that signs access tokens.
        self._key = hmac.digest(key.encode(), b"tms.refresh_token", hashlib.sha256)

    @staticmethod
    def first() -> str:
        return secrets.token_urlsafe(32)

    def successor(self, token: str) -> str:
        digest = hmac.digest(self._key, token.encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")
