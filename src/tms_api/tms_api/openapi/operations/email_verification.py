"""The documentation of e-mail verification."""

from tms_api.link_pages import HTML
from tms_api.mail_links import NO_MAILS
from tms_api.schemas.accounts import LinkToken
from tms_core.web.openapi import Nothing, ResponseDoc, documented

ask_for_email_verification = documented(
    "ask_for_email_verification",
    responses={202: ResponseDoc(Nothing, "A link is mailed if the address is not verified."), 501: NO_MAILS},
)

show_email_verification = documented(
    "show_email_verification", responses={200: HTML, 501: NO_MAILS}, needs_database=False
)

verify_email = documented("verify_email", body=LinkToken, responses={200: Nothing, 429: ResponseDoc(), 501: NO_MAILS})
