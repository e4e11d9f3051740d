"""What administrators do to the accounts of others."""

from tms_api.administration_log import log_administration
from tms_api.mail_links import create_reset_link, mail_reset_link
from tms_api.openapi.operations import user_administration as operations
from tms_api.resources.tags import USERS
from tms_api.schemas.accounts import RevokedAccess
from tms_api.sign_in import token_service
from tms_core.services.users import UserService, create_service
from tms_core.values import instant
from tms_core.web.resource import changes_user, id_of, json_response, resource
from tms_core.web.validation import body_of, raw_body


class _UserAdministration:
    tag = USERS

    def __init__(self, request, context=None):
        self.request = request

    # Not before the method is known: one that does not exist is 405 without a caller, too.
    @property
    def users(self) -> UserService:
        return create_service(self.request.registry.tms, self.request.db, self.request.actor)

    def _id(self) -> int:
        return self.request.actor.id if self.request.matchdict["id"] == "me" else id_of(self.request)


@resource(path=r"/api/users/{id:\d+|me}/password-reset")
class UserPasswordReset(_UserAdministration):
    @changes_user
    @operations.mail_user_reset_link
    def post(self):
        """Mail a password reset link to a user, as an administrator."""
        user = self.users.administered(self._id())
        mail_reset_link(self.request, user)
        log_administration(self.request, user, "mailed a password reset link to")
        return json_response({}, status=202)


@resource(path=r"/api/users/{id:\d+|me}/password-reset-link")
class UserPasswordResetLink(_UserAdministration):
    @changes_user
    @operations.create_user_reset_link
    def post(self):
        """Create a password reset link to hand over, as an administrator. It can be used once, within an hour, and
        does not verify the e-mail address."""
        user = self.users.administered(self._id())
        url, expires_at = create_reset_link(self.request, user)
        log_administration(self.request, user, "created a password reset link of")
        response = json_response({"url": url, "expires_at": instant(expires_at)}, status=201)
        response.headers["Cache-Control"] = "no-store"
        return response


@resource(path=r"/api/users/{id:\d+|me}/revoke-all")
class UserRevokeAll(_UserAdministration):
    @changes_user
    @operations.revoke_all_user_tokens
    def post(self):
        """Sign a user out everywhere, as an administrator. Access tokens stop working within a second;
        `end_personal_tokens` revokes those too."""
        has_body = bool(raw_body(self.request))
        body = body_of(self.request, RevokedAccess) if has_body else RevokedAccess()
        user = self.users.end_access(self._id(), token_service(self.request), end_personal=body.end_personal_tokens)
        log_administration(self.request, user, "signed out")
        return json_response({})
