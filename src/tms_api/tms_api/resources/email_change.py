from tms_api.link_pages import EMAIL_CHANGE, link_page
from tms_api.mail_links import mail_link, mailer_of, redeem_change_link
from tms_api.openapi.operations import email_change as operations
from tms_api.resources.tags import LINKS
from tms_api.schemas.accounts import LinkToken
from tms_api.sign_in import token_service
from tms_core.models import LinkPurpose
from tms_core.services.users import create_service
from tms_core.web.resource import json_response, open_to_all, resource
from tms_core.web.validation import body_of


@resource(path="/api/email-change/undo")
class EmailChangeUndo:
    tag = LINKS

    def __init__(self, request, context=None):
        self.request = request

    @open_to_all
    @operations.show_email_change
    def get(self):
        """Show the page of a mailed link that undoes a change of e-mail address. The change is undone by its button."""
        mailer_of(self.request)
        return link_page(self.request, EMAIL_CHANGE)

    @open_to_all
    @operations.undo_email_change
    def post(self):
        """Undo a change of e-mail address. Takes the token of the link that was mailed to the old address, valid once
        within 7 days. All sessions, all personal tokens and the password are revoked, and a password reset link is
        mailed."""
        mailer_of(self.request)
        user, email = redeem_change_link(self.request, body_of(self.request, LinkToken).token)
        users = create_service(self.request.registry.tms, self.request.db, None)
        users.take_email_back(user, email, token_service(self.request))
        mail_link(self.request, LinkPurpose.PASSWORD_RESET, email)
        return json_response({})
