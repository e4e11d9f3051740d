"""The public base URL of the deployment: scheme, host and path prefix of every link in a response.

In production the base URL is `tms.public_url`, regardless of the request. In development it follows the Host header, or
X-Forwarded-Proto, X-Forwarded-Host and X-Forwarded-Prefix from a proxy of `tms.trusted_proxies`.

The tween writes it into the WSGI environ, so that `request.host_url`, `request.route_url` and relative redirects agree.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import unquote, urlsplit

from pyramid.request import Request

from tms_core import error_codes as codes
from tms_core.client_address import is_trusted_proxy
from tms_core.http_host import host_of, is_host
from tms_core.settings import CoreSettings
from tms_core.web.problems import problem

PREFIX = re.compile(r"(?:/[A-Za-z0-9._~-]+)*")
BAD_HOST = "The Host header must be a host name or an IP address, with or without a port."
BAD_FORWARDED_HOST = "The proxy's X-Forwarded-Host must be a host name or an IP address, with or without a port."


class BadHostError(ValueError):
    """The host of a request is not valid."""


class PublicUrl:
    """The base URL of each request, by the deployment's settings."""

    def __init__(self, core: CoreSettings):
        self._fixed = environ_of(core.public_url) if core.environment == "production" else None
        self._trusted = core.trusted_proxies

    def changes(self, environ: Mapping[str, Any]) -> Mapping[str, str]:
        """Return the keys that the base URL changes in a WSGI environ; raises `BadHostError`."""
        if not _has_valid_host(environ):
            raise BadHostError(BAD_HOST)
        if self._fixed is not None:
            return self._fixed
        if not (self._trusted and is_trusted_proxy(environ.get("REMOTE_ADDR", ""), self._trusted)):
            return {}
        forwarded = _forwarded(environ)
        if not is_host(forwarded.get("HTTP_HOST", "localhost")):
            raise BadHostError(BAD_FORWARDED_HOST)
        return forwarded


def public_url_tween_factory(handler, registry):
    public_url = PublicUrl(registry.tms.core)

    def public_url_tween(request):
        environ = request.environ
        try:
            changes = public_url.changes(environ)
        except BadHostError as error:
            return problem(request, 400, str(error), code=codes.BAD_HOST)
        if not environ.get("HTTP_HOST"):
            # WebOb uses SERVER_NAME if Host is absent, not if it is empty.
            environ.pop("HTTP_HOST", None)
        environ.update(changes)
        return handler(request)

    return public_url_tween


def application_url(environ: Mapping[str, Any], changes: Mapping[str, str]) -> str:
    """Return `request.application_url` of a WSGI environ that has a Host, with the changes of `PublicUrl`."""
    return _application_url(
        *(changes.get(name) or environ.get(name, "") for name in ("wsgi.url_scheme", "HTTP_HOST", "SCRIPT_NAME"))
    )


@lru_cache(maxsize=1024)
def _application_url(scheme: str, host: str, prefix: str) -> str:
    url: str = Request({"wsgi.url_scheme": scheme, "HTTP_HOST": host, "SCRIPT_NAME": prefix}).application_url
    return url


def absolute_url(request, path: str) -> str:
    """Return the absolute URL of a path of this deployment, such as `/api/task/1`."""
    environ = request.environ
    # WebOb's property takes longer, but also knows requests without a Host.
    base = application_url(environ, {}) if environ.get("HTTP_HOST") else request.application_url
    return f"{base}{path}"


def environ_of(url: str) -> dict[str, str]:
    """Return the WSGI environ keys from which WebOb builds URLs, for an http(s) base URL."""
    parts = urlsplit(url)
    prefix = unquote(parts.path.rstrip("/"), "latin-1")
    return {"wsgi.url_scheme": parts.scheme, "HTTP_HOST": host_of(url), "SCRIPT_NAME": prefix}


def _has_valid_host(environ: Mapping[str, Any]) -> bool:
    host = environ.get("HTTP_HOST")
    if not host:
        # Only HTTP/1.0 may omit Host (RFC 9112, section 3.2).
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
