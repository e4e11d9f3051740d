"""What a personal API token may be used for: the one place that decides it, by the table that the packages fill
with `config.add_token_scope`. What does not stand there is closed to every personal token."""

from collections.abc import Collection

from tms_core.web.openapi.paths import path_of


def scope_of(request) -> str | None:
    """The scope that the request's route needs; None where no personal token opens it."""
    route = getattr(request, "matched_route", None)
    if route is None:
        return None
    method = "GET" if request.method == "HEAD" else request.method
    scope: str | None = request.registry.tms.scopes.get(f"{method} {path_of(route.pattern)}")
    return scope


def is_in_scope(request, scopes: Collection[str]) -> bool:
    return scope_of(request) in scopes
