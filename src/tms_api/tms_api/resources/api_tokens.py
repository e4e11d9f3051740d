from typing import Any

from tms_api.openapi.operations import api_tokens as operations
from tms_api.rate_limits.attempt_limits import own_password_limits
from tms_api.resources.tags import KEYS
from tms_api.schemas.accounts import NewApiToken
from tms_core.account_mail import AccountNotice, AccountNoticeKind
from tms_core.models import PersonalToken
from tms_core.services.personal_tokens import PersonalTokenService, create_service
from tms_core.services.recent_authentication import require_recent_authentication
from tms_core.values import instant
from tms_core.web.pagination import whole
from tms_core.web.resource import id_of, json_response, resource
from tms_core.web.validation import body_of, query_of


@resource(collection_path="/api/api-tokens", path=r"/api/api-tokens/{id:\d+}")
class ApiTokens:
    tag = KEYS

    def __init__(self, request, context=None):
        self.request = request

    @property
    def tokens(self) -> PersonalTokenService:
        return create_service(self.request.registry.tms, self.request.db, self.request.actor.id)

    @operations.create_api_token
    def collection_post(self):
        """Create a personal token for a script. The token is only returned by this response.

        It acts as its user within its scopes, and the user is notified by mail. More than ten minutes after signing
        in, `current_password` is required. Idempotency-Key is not supported, because it stores responses.
        """
        body = body_of(self.request, NewApiToken)

        def create() -> tuple[PersonalToken, str]:
            require_recent_authentication(self.request.db, self.request.claims, body.current_password)
            return self.tokens.create(body.name, body.scopes, body.expires_at)

        is_guess = body.current_password is not None
        row, token = own_password_limits(self.request).attempt(create) if is_guess else create()
        self._notify_owner(row)
        shown = {**present_token(row), "token": token}
        return json_response(shown, status=201, headers={"Cache-Control": "no-store"})

    def _notify_owner(self, row: PersonalToken) -> None:
        shown = present_token(row)
        details = {name: shown[name] for name in ("name", "hint", "scopes", "expires_at")}
        notice = AccountNotice(
            AccountNoticeKind.TOKEN_CREATED, row.user_id, str(row.id), {**details, "at": shown["created_at"]}
        )
        if mailer := self.request.registry.tms.mailer:
            mailer.notify(self.request.db, notice)

    @operations.list_api_tokens
    def collection_get(self):
        """List the caller's personal tokens. Expired ones are included; the tokens themselves are not."""
        query_of(self.request, ())
        return json_response(whole([present_token(row) for row in self.tokens.list()]))

    @operations.delete_api_token
    def delete(self):
        """Revoke a personal token. It stops working within a second."""
        self.tokens.revoke(id_of(self.request))
        return json_response({})


def present_token(row: PersonalToken) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "hint": row.hint,
        "scopes": row.scopes,
        "created_at": instant(row.created_at),
        "expires_at": instant(row.expires_at) if row.expires_at else None,
        "last_used_at": instant(row.last_used_at) if row.last_used_at else None,
    }
