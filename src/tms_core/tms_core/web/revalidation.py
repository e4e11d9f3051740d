"""Token revalidation: checks the token of every unsafe request against the database before the view is called.

Processes notice revocations after up to half a second; revalidation closes this gap for changes. It is on by default in
every package; views change it with the option `revalidation` (see the decorators in `tms_core.web.resource`).
"""

from enum import StrEnum
from typing import Any

from pyramid.security import NO_PERMISSION_REQUIRED

from tms_core.services.current_user import require_current
from tms_core.values import id_in

UNSAFE_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class Revalidation(StrEnum):
    # Check while locking the user's row until the transaction ends.
    LOCK = "lock"
    # Check without a lock, for requests that leave nothing lasting in the database.
    READ = "read"
    # No check, for writes that are attributed and can be undone.
    OFF = "off"


def revalidation_of(options: Any) -> Revalidation:
    """Return the revalidation of a view: by default OFF for views open to all, else LOCK."""
    is_open = options.get("permission") == NO_PERMISSION_REQUIRED
    return Revalidation(options.get("revalidation") or (Revalidation.OFF if is_open else Revalidation.LOCK))


def revalidating_deriver(view, info):
    """View deriver that revalidates the token.

    The option `locks_user` names the path parameter with the id of the user that the view changes; both users are then
    locked in the order of their ids.
    """
    revalidation = revalidation_of(info.options)
    if info.exception_only or revalidation is Revalidation.OFF:
        return view
    parameter = info.options.get("locks_user")

    def revalidating_view(context, request):
        if request.claims and request.method in UNSAFE_METHODS:
            changed = id_in(request.matchdict[parameter]) if parameter else None
            also_lock = () if changed is None else (changed,)
            require_current(request.db, request.claims, also_lock=also_lock, lock=revalidation is Revalidation.LOCK)
        return view(context, request)

    return revalidating_view


revalidating_deriver.options = ("revalidation", "locks_user")  # type: ignore[attr-defined]


def includeme(config):
    config.add_view_deriver(revalidating_deriver)
