"""Device cookies, which identify browsers that have signed in to an account before.

Such a browser is not locked out while others guess the account's password (OWASP, "Slow Down Online Guessing Attacks
with Device Cookies"). The cookie does not authenticate. It is valid for one account and its current password, so a
password change invalidates cookies obtained with a stolen password.
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
    """Set a device cookie for a user who has just signed in or set a password."""
    if user.password_hash is None:
        return
    device = f"{user.id}.{secrets.token_urlsafe(16)}"
    response.set_cookie(
        NAME,
        f"{device}.{_signature(request, device, user.password_hash)}",
        max_age=LIFE,
        # A proxy may serve the API under a path prefix.
        path=f"{request.script_name}{PATH}",
        secure=request.registry.tms.core.public_url.startswith("https://"),
        httponly=True,
        samesite="Strict",
    )


def has_device_cookie(request) -> bool:
    return NAME in request.cookies


def device_of(request, user: User | None) -> str | None:
    """Return the device id of the request's cookie, or None without a valid cookie for this user."""
    device, _, signature = request.cookies.get(NAME, "")[:MAX_LENGTH].rpartition(".")
    if user is None or user.password_hash is None or device.partition(".")[0] != str(user.id):
        return None
    expected = _signature(request, device, user.password_hash)
    return device if hmac.compare_digest(signature.encode(), expected.encode()) else None


def _signature(request, device: str, password_hash: str) -> str:
    # A separate key, derived from the key that signs access tokens.
    key = hmac.digest(request.registry.tms.core.jwt_key.encode(), b"tms.device_cookie", hashlib.sha256)
    digest = hmac.digest(key, f"{device}.{password_hash}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
