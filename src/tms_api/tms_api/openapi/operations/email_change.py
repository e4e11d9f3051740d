"""The documentation of undoing changes of e-mail addresses."""

from tms_api.link_pages import HTML
from tms_api.mail_links import NO_MAILS
from tms_api.schemas.accounts import LinkToken
from tms_core.web.openapi import Nothing, ResponseDoc, documented

show_email_change = documented("show_email_change", responses={200: HTML, 501: NO_MAILS}, needs_database=False)

undo_email_change = documented(
    "undo_email_change",
    body=LinkToken,
    responses={200: Nothing, 409: "Another account has the address now.", 429: ResponseDoc(), 501: NO_MAILS},
)
