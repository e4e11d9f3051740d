"""Resources for administrators."""

from tms_core.error_codes import ADMINISTRATOR_REQUIRED
from tms_core.errors import ForbiddenError


def require_administrator(request) -> None:
    """Raise `ForbiddenError` unless the caller is an administrator, and `NotAuthenticatedError` without a caller."""
    if not request.actor.is_admin:
        raise ForbiddenError("Only administrators may do this.", ADMINISTRATOR_REQUIRED)
