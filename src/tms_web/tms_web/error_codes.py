"""Error codes of this package."""

from tms_core.error_codes import ErrorCode

CROSS_SITE = ErrorCode("cross_site", "The request does not come from a page of this site.", status=403)
FIRST_START_LINK_INVALID = ErrorCode(
    "first_start_link_invalid", "The link of the first start has been used, or a newer one exists.", status=403
)
ADMINISTRATOR_EXISTS = ErrorCode("administrator_exists", "There is an administrator already.", status=409)
VIEW_NAME_TAKEN = ErrorCode(
    "view_name_taken", "The user has another saved view of the name.", status=409, is_shared=True
)
TOO_MANY_VIEWS = ErrorCode(
    "too_many_views", "The user has as many saved views as allowed.", ("maximum",), 409, is_shared=True
)
