"""Who asks: a Pyramid 2 security policy on access tokens. Every view needs a signed-in caller unless it says not."""

import time

from pyramid.interfaces import ISecurityPolicy
from pyramid.security import Allowed, Denied
from zope.interface import implementer

from tms_core.access_tokens import AccessClaims, AccessTokens
from tms_core.errors import NotAuthenticatedError
from tms_core.permissions import Actor
from tms_core.revocations import Revocations

SIGNED_IN = "signed-in"
SCHEME = "Bearer "


@implementer(ISecurityPolicy)
class TokenPolicy:
    def __init__(self, access_tokens: AccessTokens, revocations: Revocations):
        self._access_tokens = access_tokens
        self._revocations = revocations

    def identity(self, request) -> AccessClaims | None:
        """The claims of the request's access token, if it is valid and was not taken back."""
        header = request.environ.get("HTTP_AUTHORIZATION", "")
        if header[: len(SCHEME)].lower() != SCHEME.lower():
            return None
        claims = self._access_tokens.read(header[len(SCHEME) :].strip(), time.time())
        if claims is None or self._revocations.is_revoked(claims):
            return None
        return claims

    def authenticated_userid(self, request) -> int | None:
        return request.claims.user_id if request.claims else None

    def permits(self, request, context, permission):
        return Allowed("signed in") if request.claims else Denied("not signed in")

    def remember(self, request, userid, **kwargs):
        return []

    def forget(self, request, **kwargs):
        return [("WWW-Authenticate", "Bearer")]


def _claims(request) -> AccessClaims | None:
    return request.identity


def _actor(request) -> Actor:
    """Who asks; raises where nobody is signed in."""
    if request.claims is None:
        raise NotAuthenticatedError("This needs a valid access token: Authorization: Bearer …")
    return Actor(request.claims.user_id, request.claims.is_admin)


def includeme(config):
    runtime = config.registry.tms
    config.registry.access_tokens = AccessTokens(runtime.core.jwt_key, runtime.core.access_token_life)
    revocations = Revocations(runtime.engine, runtime.core.access_token_life)
    config.set_security_policy(TokenPolicy(config.registry.access_tokens, revocations))
    config.set_default_permission(SIGNED_IN)
    config.add_request_method(_claims, "claims", reify=True)
    config.add_request_method(_actor, "actor", reify=True)
