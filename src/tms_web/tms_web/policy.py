"""Security headers of the page: scripts of this host only, no inline style, no frame, Trusted Types."""

import base64
import hashlib
from collections.abc import Sequence

# Features that the UI does not use, so that no script can.
UNUSED = ("camera", "display-capture", "geolocation", "microphone", "payment", "publickey-credentials-get", "usb")


def page_headers(*, inline: Sequence[str], connect: Sequence[str], images: Sequence[str]) -> dict[str, str]:
    """Return the headers of the page with these inline scripts and import maps, whose scripts may connect to `connect`
    (URLs) besides this host, and which may show images of the origins `images`."""
    return {
        "Content-Security-Policy": content_security_policy(inline, connect, images),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": ", ".join(f"{feature}=()" for feature in UNUSED),
        "Referrer-Policy": "no-referrer",
        "X-Frame-Options": "DENY",
    }


def content_security_policy(inline: Sequence[str], connect: Sequence[str], images: Sequence[str]) -> str:
    rules = {
        "default-src": "'none'",
        "script-src": " ".join(("'self'", *map(_hash_source, inline))),
        "style-src": "'self'",
        "img-src": " ".join(("'self'", "data:", *images)),
        "font-src": "'self'",
        "connect-src": " ".join(("'self'", *connect)),
        "manifest-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        # The sanitiser of Markdown, and no other.
        "trusted-types": "dompurify",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def _hash_source(script: str) -> str:
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"'sha256-{digest}'"
