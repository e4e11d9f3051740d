"""The documentation of what administrators do to accounts."""

from tms_api.mail_links import NO_MAILS
from tms_api.schemas.accounts import RevokedAccess
from tms_api.schemas.user_responses import ResetLink
from tms_core.web.openapi import Nothing, ResponseDoc, documented

ONLY_ADMINISTRATORS = "Only administrators can do this."
DISABLED = "The account is disabled."

mail_user_reset_link = documented(
    "mail_user_reset_link",
    responses={
        202: ResponseDoc(Nothing, "The link will be mailed."),
        403: ONLY_ADMINISTRATORS,
        409: f"{DISABLED[:-1]}, or its user has changed the e-mail address and not verified it yet.",
        501: NO_MAILS,
    },
)

create_user_reset_link = documented(
    "create_user_reset_link", responses={201: ResetLink, 403: ONLY_ADMINISTRATORS, 409: DISABLED}
)

revoke_all_user_tokens = documented(
    "revoke_all_user_tokens",
    body=RevokedAccess,
    is_body_optional=True,
    responses={200: Nothing, 403: ONLY_ADMINISTRATORS},
)
