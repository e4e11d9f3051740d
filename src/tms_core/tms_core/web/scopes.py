"""Scopes of personal API tokens, from the routes that packages register with `config.add_token_scope`.

Unlisted routes reject personal tokens.
"""

from collections.abc import Collection

from tms_core.web.openapi.paths import path_of


def scope_of(request) -> str | None:
    """Return the scope that the request's route needs, or None if the route rejects personal tokens."""
    route = getattr(request, "matched_route", None)
    if route is None:
        return None
    method = "GET" if request.method == "HEAD" else request.method
    scope: str | None = request.registry.tms.registry.scopes.get(f"{method} {path_of(route.pattern)}")
    return scope


def is_in_scope(request, scopes: Collection[str]) -> bool:
    return scope_of(request) in scopes
