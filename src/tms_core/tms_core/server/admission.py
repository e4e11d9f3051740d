"""Decides from the head of a request whether to read its body: not if the response is 401, 404 or 405 in any case."""

import time
from collections.abc import Mapping
from typing import Any

from pyramid.exceptions import URLDecodeError
from pyramid.interfaces import IRoutesMapper
from pyramid.request import Request

from tms_core.auth.personal_tokens import PREFIX
from tms_core.web.resource import methods_of
from tms_core.web.security import bearer_token
from tms_core.web.tweens import without_slash


class Admission:
    """Uses the routes and the signing key of tokens, but not the database."""

    def __init__(self, registry: Any):
        self._access_tokens = registry.access_tokens
        self._mapper = registry.queryUtility(IRoutesMapper)
        # Whether a method is open to unauthenticated clients, by route pattern and method.
        self._methods: dict[str, dict[str, bool]] = {}
        for method in methods_of(registry):
            self._methods.setdefault(method.pattern, {})[method.verb] = method.is_open

    def needs_body(self, environ: Mapping[str, Any]) -> bool:
        """Return False if the application would reject the request regardless of its body."""
        pattern = self._pattern_of(environ)
        if pattern is None:
            return False
        if pattern not in self._methods:
            return True
        method = environ["REQUEST_METHOD"]
        is_open = self._methods[pattern].get("GET" if method == "HEAD" else method)
        if is_open is None:
            return False
        return is_open or self._may_be_signed_in(environ)

    def _pattern_of(self, environ: Mapping[str, Any]) -> str | None:
        try:
            found = self._mapper(Request({**environ, "PATH_INFO": without_slash(environ["PATH_INFO"])}))
        except URLDecodeError:
            return None
        return found["route"].pattern if found["route"] else None

    def _may_be_signed_in(self, environ: Mapping[str, Any]) -> bool:
        token = bearer_token(environ)
        if token is None:
            return False
        # Personal tokens cannot be verified without the database.
        return token.startswith(PREFIX) or self._access_tokens.read(token, time.time()) is not None
