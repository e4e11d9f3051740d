"""Device cookies: a browser that has signed in to an account is known there again, and is not locked out when others
guess at that account's password (OWASP, "Slow Down Online Guessing Attacks with Device Cookies").

The cookie is no proof of who somebody is. It holds for one account and its present password, so that nobody keeps
those that a stolen password brought.
"""

import base64
import hashlib
import hmac
import secrets
from datetime import timedelta

from pyramid.response import Response

from tms_core.models import User

NAME = "tms_device"
PATH = "/api"
LIFE = timedelta(days=365)
MAX_LENGTH = 200


def remember_device(request, response: Response, user: User) -> None:
    """Give the client a device cookie of the account that it has just proved to own."""
    if user.password_hash is None:
        return
    device = f"{user.id}.{secrets.token_urlsafe(16)}"
    response.set_cookie(
        NAME,
        f"{device}.{_signature(request, device, user.password_hash)}",
        max_age=LIFE,
        # Behind a proxy the API may be under a prefix.
        path=f"{request.script_name}{PATH}",
        secure=request.registry.tms.core.public_url.startswith("https://"),
        httponly=True,
        samesite="Strict",
    )


def has_device_cookie(request) -> bool:
    return NAME in request.cookies


def device_of(request, user: User | None) -> str | None:
    """What the client's device cookie calls it, if the cookie is the account's, else None."""
    device, _, signature = request.cookies.get(NAME, "")[:MAX_LENGTH].rpartition(".")
    if user is None or user.password_hash is None or device.partition(".")[0] != str(user.id):
        return None
    expected = _signature(request, device, user.password_hash)
    return device if hmac.compare_digest(signature.encode(), expected.encode()) else None


def _signature(request, device: str, password_hash: str) -> str:
    # A key for this purpose only, derived from the one that signs access tokens.
    key = hmac.digest(request.registry.tms.core.jwt_key.encode(), b"tms.device_cookie", hashlib.sha256)
    digest = hmac.digest(key, f"{device}.{password_hash}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
