"""The documentation of password resets."""

from tms_api.link_pages import HTML
from tms_api.mail_links import NO_MAILS
from tms_api.schemas.accounts import NewPassword, WantedLink
from tms_core.web.openapi import Nothing, ResponseDoc, documented

ask_for_password_reset = documented(
    "ask_for_password_reset",
    body=WantedLink,
    responses={
        202: ResponseDoc(Nothing, "If an account has the address, a link is mailed to it."),
        429: ResponseDoc(),
        501: NO_MAILS,
    },
)

show_password_reset = documented("show_password_reset", responses={200: HTML}, needs_database=False)

reset_password = documented("reset_password", body=NewPassword, responses={200: Nothing, 429: ResponseDoc()})
