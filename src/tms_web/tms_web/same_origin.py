"""Rejects requests that a page of another origin has made (CSRF), for methods that read or set the session's cookie."""

from tms_core.errors import ForbiddenError
from tms_web.error_codes import CROSS_SITE

FOREIGN = "This request must come from a page of this site."
UNKNOWN = "This request needs the Origin of a page of this site, as browsers send it; other clients use /api/token."


def require_same_origin(request) -> None:
    """Raise `ForbiddenError` unless Origin and Sec-Fetch-Site, one of which must be there, name this site."""
    origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
    if origin is None and site is None:
        raise ForbiddenError(UNKNOWN, CROSS_SITE)
    if origin not in (None, request.host_url) or site not in (None, "same-origin"):
        raise ForbiddenError(FOREIGN, CROSS_SITE)
