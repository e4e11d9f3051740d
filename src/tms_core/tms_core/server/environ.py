"""The WSGI environ (PEP 3333) of a request."""

import sys
from collections.abc import Iterable
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_to_bytes

import httptools

BASE: dict[str, Any] = {
    "SCRIPT_NAME": "",
    "wsgi.version": (1, 0),
    "wsgi.errors": sys.stderr,
    "wsgi.multithread": True,
    "wsgi.multiprocess": True,
    "wsgi.run_once": False,
    # Saves WebOb from copying the body.
    "webob.is_body_seekable": True,
    # The default for a request without a body.
    "CONTENT_LENGTH": "0",
}
WITHOUT_PREFIX = {"CONTENT_TYPE", "CONTENT_LENGTH"}


def connection_environ(
    server: tuple[str, int | None] | None, client: tuple[str, int] | None, scheme: str
) -> dict[str, Any]:
    """Return what all requests of a connection have in common."""
    return {
        **BASE,
        "SERVER_NAME": server[0] if server else "localhost",
        "SERVER_PORT": str(server[1]) if server else "80",
        "REMOTE_ADDR": client[0] if client else "",
        "wsgi.url_scheme": scheme,
    }


def add_request(
    environ: dict[str, Any], method: str, url: bytes, version: str, headers: Iterable[tuple[bytes, bytes]]
) -> dict[str, Any]:
    """Add a request to the environ of its connection, except for `wsgi.input`, which is added with the body; raises for
    a target without a path, or with one that is not ASCII."""
    target = httptools.parse_url(url)
    path = target.path.decode("ascii")
    environ["REQUEST_METHOD"] = method
    environ["PATH_INFO"] = unquote_to_bytes(path).decode("latin-1") if "%" in path else path
    environ["QUERY_STRING"] = (target.query or b"").decode("latin-1")
    environ["SERVER_PROTOCOL"] = f"HTTP/{version}"
    for name, value in headers:
        key = _key(name)
        if key is None:
            continue
        text = value.decode("latin-1")
        if key in environ and key != "CONTENT_LENGTH":
            separator = "; " if key == "HTTP_COOKIE" else ","
            text = f"{environ[key]}{separator}{text}"
        environ[key] = text
    return environ


@lru_cache
def _key(name: bytes) -> str | None:
    """Return the environ key of a header; None for a name with an underscore, which would be confused with a hyphen."""
    if b"_" in name:
        return None
    key = name.decode("latin-1").upper().replace("-", "_")
    return key if key in WITHOUT_PREFIX else f"HTTP_{key}"
