"""Re-reads from the database the token of every request that changes something, before its view is called.

On by default, in every package: a token that was revoked half a second ago opens nothing that lasts. Views say
otherwise by the option `revalidation` (see the decorators in `tms_core.web.resource`).
"""

from enum import StrEnum
from typing import Any

from pyramid.security import NO_PERMISSION_REQUIRED

from tms_core.services.current_user import require_current
from tms_core.values import id_in

UNSAFE_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class Revalidation(StrEnum):
    # Under the lock of the user's row, which the transaction then holds.
    LOCK = "lock"
    # For what leaves nothing that lasts in the database.
    READ = "read"
    # For writes that may stand, because they are attributed and can be undone.
    OFF = "off"


def revalidation_of(options: Any) -> Revalidation:
    """What a view's options say; a view that is open to all does without, unless it says that it does not."""
    is_open = options.get("permission") == NO_PERMISSION_REQUIRED
    return Revalidation(options.get("revalidation") or (Revalidation.OFF if is_open else Revalidation.LOCK))


def revalidating_deriver(view, info):
    """Pyramid's view deriver. The option `locks_user` names the part of the path with the id of a user that the view
    changes, so that both rows are locked in order."""
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
