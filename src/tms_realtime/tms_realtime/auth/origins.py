"""The check of the Origin header. Browsers always send it with a WebSocket handshake, and pages cannot forge it."""

from collections.abc import Collection
from urllib.parse import urlsplit


def is_allowed(origin: str | None, allowed: Collection[str], *, host: str) -> bool:
    """`allowed` has origins or `*`; where it is empty, pages of `host` may connect, on whatever port."""
    if origin is None or "*" in allowed:
        return True
    if allowed:
        return origin.lower() in {item.lower().rstrip("/") for item in allowed}
    return _host_name(origin) is not None and _host_name(origin) == _host_name(f"//{host}")


def _host_name(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
