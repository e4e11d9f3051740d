"""Limits on the requests of each user, which packages register with `config.add_request_limit`.

They apply to every request to a route that needs a token, before its view or its cached response.
"""

from collections.abc import Callable, Iterable, MutableMapping
from typing import Any

from pyramid.security import NO_PERMISSION_REQUIRED

from tms_core.errors import TooManyRequestsError

OUTCOME = "tms.request_limits"
# Takes the id of the user, and raises `TooManyRequestsError`.
Limit = Callable[[int], None]


def apply_limits(limits: Iterable[Limit], environ: MutableMapping[str, Any], user_id: int) -> None:
    """Count a request once, however often this is called for it; raises `TooManyRequestsError` if it is refused."""
    if OUTCOME not in environ:
        environ[OUTCOME] = _refusal(limits, user_id)
    if (error := environ[OUTCOME]) is not None:
        raise error


def _refusal(limits: Iterable[Limit], user_id: int) -> TooManyRequestsError | None:
    try:
        for limit in limits:
            limit(user_id)
    except TooManyRequestsError as error:
        return error
    return None


def limits_deriver(view, info):
    """View deriver that applies the limits; routes that are open to all are left to the packages."""
    if info.exception_only or info.options.get("permission") == NO_PERMISSION_REQUIRED:
        return view

    def limited_view(context, request):
        if request.claims:
            apply_limits(request.registry.request_limits, request.environ, request.claims.user_id)
        return view(context, request)

    return limited_view


def add_request_limit(config, limit: Limit) -> None:
    """Register a limit: a callable that takes the id of the user of a request and raises `TooManyRequestsError`."""
    config.registry.request_limits.append(limit)


def includeme(config):
    config.registry.request_limits = []
    config.add_directive("add_request_limit", add_request_limit, action_wrap=False)
    config.add_view_deriver(limits_deriver)
