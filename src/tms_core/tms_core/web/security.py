"""Token authentication as a Pyramid security policy. Views require an authenticated caller unless declared open."""

import time
from collections.abc import Mapping
from typing import Any

from pyramid.interfaces import ISecurityPolicy
from pyramid.request import RequestLocalCache
from pyramid.security import Allowed, Denied
from zope.interface import implementer

from tms_core import error_codes as codes
from tms_core.auth.access_tokens import AccessClaims, AccessTokens
from tms_core.auth.personal_tokens import PREFIX, PersonalTokens
from tms_core.auth.revocations import Revocations
from tms_core.auth.unknown_tokens import UnknownTokenLimit
from tms_core.errors import ForbiddenError, NotAuthenticatedError
from tms_core.permissions import Actor
from tms_core.web.client_address import client_network
from tms_core.web.scopes import is_in_scope, scope_of

SIGNED_IN = "signed-in"
SCHEME = "Bearer "


def bearer_token(environ: Mapping[str, Any]) -> str | None:
    """Return the Bearer token of the Authorization header, or None if there is none."""
    header: str = environ.get("HTTP_AUTHORIZATION", "")
    if header[: len(SCHEME)].lower() != SCHEME.lower():
        return None
    return header[len(SCHEME) :].strip()


@implementer(ISecurityPolicy)
class TokenPolicy:
    def __init__(self, access_tokens: AccessTokens, personal_tokens: PersonalTokens, revocations: Revocations):
        self._access_tokens = access_tokens
        self._personal_tokens = personal_tokens
        self._revocations = revocations
        # Pyramid calls `identity` several times per request.
        self._identities = RequestLocalCache(self._identity)

    def identity(self, request) -> AccessClaims | None:
        """Return the claims of the request's token, or None if the token is missing, invalid or revoked."""
        claims: AccessClaims | None = self._identities.get_or_create(request)
        return claims

    def _identity(self, request) -> AccessClaims | None:
        token = bearer_token(request.environ)
        if token is None:
            return None
        if token.startswith(PREFIX):
            return self._personal_tokens.read(token, time.time(), lambda: client_network(request))
        claims = self._access_tokens.read(token, time.time())
        if claims is None or self._revocations.is_revoked(claims):
            return None
        return claims

    def authenticated_userid(self, request) -> int | None:
        return request.claims.user_id if request.claims else None

    def permits(self, request, context, permission):
        if request.claims:
            return Allowed("signed in")
        if self.identity(request):
            raise _scope_error(request)
        return Denied("not signed in")

    def remember(self, request, userid, **kwargs):
        return []

    def forget(self, request, **kwargs):
        return [("WWW-Authenticate", "Bearer")]


def _claims(request) -> AccessClaims | None:
    """Return the claims of the request, or None if its personal token lacks the scope of the route."""
    claims: AccessClaims | None = request.identity
    if claims is None or claims.scopes is None or is_in_scope(request, claims.scopes):
        return claims
    return None


def _scope_error(request) -> ForbiddenError:
    scope = scope_of(request)
    if scope is None:
        return ForbiddenError("Personal tokens are not accepted here. Sign in.", codes.PERSONAL_TOKEN_REFUSED)
    return ForbiddenError(f"This personal token lacks the scope {scope}.", codes.SCOPE_MISSING, scope=scope)


def _actor(request) -> Actor:
    """Return the authenticated user; raises `NotAuthenticatedError` without one."""
    if request.claims is None:
        raise NotAuthenticatedError("This request needs a valid access token: Authorization: Bearer …")
    return Actor(request.claims.user_id, request.claims.is_admin, is_from_token=True)


def includeme(config):
    runtime = config.registry.tms
    config.registry.access_tokens = AccessTokens(runtime.core.jwt_key, runtime.core.access_token_life)
    config.registry.revocations = Revocations(runtime.autocommit_engine, runtime.core.access_token_life)
    limit = UnknownTokenLimit(runtime.core.unknown_tokens_per_minute)
    personal_tokens = PersonalTokens(runtime.engine, runtime.core.access_token_life, limit)
    policy = TokenPolicy(config.registry.access_tokens, personal_tokens, config.registry.revocations)
    config.set_security_policy(policy)
    config.set_default_permission(SIGNED_IN)
    config.add_request_method(_claims, "claims", reify=True)
    config.add_request_method(_actor, "actor", reify=True)
