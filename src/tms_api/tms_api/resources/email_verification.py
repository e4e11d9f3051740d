from tms_api.link_pages import EMAIL_VERIFICATION, link_page
from tms_api.mail_links import mailer_of, redeem_link, request_verification_link
from tms_api.openapi.operations import email_verification as operations
from tms_api.resources.tags import LINKS
from tms_api.schemas.accounts import LinkToken
from tms_core.models import LinkPurpose
from tms_core.services.users import create_service
from tms_core.web.resource import json_response, open_to_all, resource
from tms_core.web.validation import body_of


class _EmailVerification:
    tag = LINKS

    def __init__(self, request, context=None):
        self.request = request


@resource(path="/api/email-verification")
class EmailVerification(_EmailVerification):
    @operations.ask_for_email_verification
    def post(self):
        """Request a verification link by mail. None is sent if the caller's address is already verified."""
        mailer_of(self.request)
        users = create_service(self.request.registry.tms, self.request.db, self.request.actor)
        user = users.get(self.request.actor.id)
        if user.email and not user.email_verified:
            request_verification_link(self.request, user.email)
        return json_response({}, status=202)


@resource(path="/api/email-verification/confirm")
class EmailVerificationConfirm(_EmailVerification):
    @open_to_all
    @operations.show_email_verification
    def get(self):
        """Show the page of a mailed verification link. The address is verified by its button, not by opening it."""
        mailer_of(self.request)
        return link_page(self.request, EMAIL_VERIFICATION)

    @open_to_all
    @operations.verify_email
    def post(self):
        """Verify an e-mail address. Takes the token of a mailed link, which is valid once."""
        mailer_of(self.request)
        redeem_link(self.request, LinkPurpose.EMAIL_VERIFICATION, body_of(self.request, LinkToken).token)
        return json_response({})
