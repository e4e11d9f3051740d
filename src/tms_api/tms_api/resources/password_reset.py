from tms_api.device_cookies import remember_device
from tms_api.link_pages import PASSWORD_RESET, link_page
from tms_api.mail_links import mailer_of, redeem_link, request_reset_link
from tms_api.openapi.operations import password_reset as operations
from tms_api.resources.tags import LINKS
from tms_api.schemas.accounts import NewPassword, WantedLink
from tms_api.sign_in import token_service
from tms_core.models import LinkPurpose
from tms_core.services.users import create_service
from tms_core.web.resource import json_response, open_to_all, resource
from tms_core.web.validation import body_of


class _PasswordReset:
    tag = LINKS

    def __init__(self, request, context=None):
        self.request = request


@resource(path="/api/password-reset")
class PasswordReset(_PasswordReset):
    @open_to_all
    @operations.ask_for_password_reset
    def post(self):
        """Request a password reset link by mail. The response does not reveal whether an account has the address."""
        mailer_of(self.request)
        request_reset_link(self.request, body_of(self.request, WantedLink).email)
        return json_response({}, status=202)


@resource(path="/api/password-reset/confirm")
class PasswordResetConfirm(_PasswordReset):
    @open_to_all
    @operations.show_password_reset
    def get(self):
        """Show the page of a password reset link. It has a form for the new password."""
        return link_page(self.request, PASSWORD_RESET)

    @open_to_all
    @operations.reset_password
    def post(self):
        """Set a new password. Takes the token of a link, once. Ends all sessions and personal tokens."""
        body = body_of(self.request, NewPassword)
        user = redeem_link(self.request, LinkPurpose.PASSWORD_RESET, body.token)
        users = create_service(self.request.registry.tms, self.request.db, None)
        users.reset_password(user, body.password, token_service(self.request))
        response = json_response({})
        remember_device(self.request, response, user)
        return response
