"""The public base URL of the deployment: scheme, host and path prefix of every link in a response.

In production the base URL is `tms.public_url`, regardless of the request. In development it follows the Host header, or
X-Forwarded-Proto, X-Forwarded-Host and X-Forwarded-Prefix from a proxy of `tms.trusted_proxies`.

The tween writes it into the WSGI environ, so that `request.host_url`, `request.route_url` and relative redirects agree.
"""

import re
from collections.abc import Mapping, MutableMapping
from typing import Any
from urllib.parse import unquote, urlsplit

from tms_core.client_address import is_trusted_proxy
from tms_core.http_host import host_of, is_host
from tms_core.web.problems import problem

PREFIX = re.compile(r"(?:/[A-Za-z0-9._~-]+)*")
BAD_HOST = "The Host header must be a host name or an IP address, with or without a port."
BAD_FORWARDED_HOST = "The proxy's X-Forwarded-Host must be a host name or an IP address, with or without a port."
Environ = MutableMapping[str, Any]


def public_url_tween_factory(handler, registry):
    core = registry.tms.core
    fixed = environ_of(core.public_url) if core.environment == "production" else None
    trusted = core.trusted_proxies

    def public_url_tween(request):
        environ = request.environ
        if not _has_valid_host(environ):
            return problem(request, 400, BAD_HOST)
        if fixed is not None:
            environ.update(fixed)
        elif trusted and is_trusted_proxy(environ.get("REMOTE_ADDR", ""), trusted):
            forwarded = _forwarded(environ)
            if not is_host(forwarded.get("HTTP_HOST", "localhost")):
                return problem(request, 400, BAD_FORWARDED_HOST)
            environ.update(forwarded)
        return handler(request)

    return public_url_tween


def absolute_url(request, path: str) -> str:
    """Return the absolute URL of a path of this deployment, such as `/api/task/1`."""
    return f"{request.application_url}{path}"


def environ_of(url: str) -> dict[str, str]:
    """Return the WSGI environ keys from which WebOb builds URLs, for an http(s) base URL."""
    parts = urlsplit(url)
    prefix = unquote(parts.path.rstrip("/"), "latin-1")
    return {"wsgi.url_scheme": parts.scheme, "HTTP_HOST": host_of(url), "SCRIPT_NAME": prefix}


def _has_valid_host(environ: Environ) -> bool:
    host = environ.get("HTTP_HOST")
    if not host:
        # Only HTTP/1.0 may omit Host (RFC 9112, section 3.2). WebOb uses SERVER_NAME if Host is absent, not if empty.
        environ.pop("HTTP_HOST", None)
        return bool(environ.get("SERVER_PROTOCOL") == "HTTP/1.0")
    return is_host(host)


def _forwarded(environ: Mapping[str, Any]) -> dict[str, str]:
    """Return the environ keys set by the nearest proxy: the last of several values in a header."""
    found = {}
    if (scheme := _last(environ, "HTTP_X_FORWARDED_PROTO").lower()) in ("http", "https"):
        found["wsgi.url_scheme"] = scheme
    if host := _last(environ, "HTTP_X_FORWARDED_HOST"):
        found["HTTP_HOST"] = host
    prefix = _last(environ, "HTTP_X_FORWARDED_PREFIX").rstrip("/")
    if prefix and PREFIX.fullmatch(prefix):
        found["SCRIPT_NAME"] = prefix
    return found


def _last(environ: Mapping[str, Any], name: str) -> str:
    return str(environ.get(name, "")).rpartition(",")[2].strip()
