"""The cookie that holds the refresh token of a browser's session, out of reach of scripts."""

from datetime import timedelta

from pyramid.response import Response

NAME = "tms_refresh"
PATH = "/api/web-session"


def refresh_token_of(request) -> str | None:
    return request.cookies.get(NAME) or None


def keep(request, response: Response, refresh: str) -> None:
    """Set the cookie on a response, for as long as an unused session lives."""
    core = request.registry.tms.core
    _set(request, response, refresh, timedelta(days=core.refresh_token_days))


def clear(request, response: Response) -> None:
    _set(request, response, "", timedelta(0))


def _set(request, response: Response, value: str, life: timedelta) -> None:
    response.set_cookie(
        NAME,
        value,
        max_age=life,
        # A proxy may serve the site under a path prefix.
        path=f"{request.script_name}{PATH}",
        secure=request.registry.tms.core.public_url.startswith("https://"),
        httponly=True,
        samesite="Strict",
    )
