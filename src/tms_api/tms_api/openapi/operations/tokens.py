"""The documentation of tokens: signing in, refreshing and revoking."""

from dataclasses import replace

from tms_api.schemas.accounts import RevokedAccess
from tms_api.schemas.users import Credentials, Refresh
from tms_core.services.tokens import TokenPair
from tms_core.web.openapi import Header, Link, Nothing, ResponseDoc, documented

WRONG_CREDENTIALS = "Wrong user name or password, or the account is not active."
BAD_REFRESH = "This refresh token is unknown, used, expired or revoked: sign in again."
REFRESH = {"refresh": "$response.body#/refresh"}
PAIR = ResponseDoc(
    TokenPair,
    "A short-lived access token, and a refresh token for the next pair.",
    links=(Link("refresh_token", body=REFRESH), Link("revoke_token", body=REFRESH)),
)
DEVICE = Header(
    "Set-Cookie",
    "A device cookie; a client that sends it is not locked out while others guess the account's password.",
    "tms_device=7.kPq0nJ1m2nQ.mUoT2nZ7c3s8; HttpOnly; Path=/api; SameSite=Strict",
)

sign_in = documented(
    "sign_in",
    body=Credentials,
    responses={200: replace(PAIR, headers=(DEVICE,)), 401: WRONG_CREDENTIALS, 429: ResponseDoc()},
)

refresh_token = documented("refresh_token", body=Refresh, responses={200: PAIR, 401: BAD_REFRESH, 429: ResponseDoc()})

revoke_token = documented("revoke_token", body=Refresh, responses={200: Nothing, 429: ResponseDoc()})

revoke_all_tokens = documented("revoke_all_tokens", body=RevokedAccess, is_body_optional=True, responses={200: Nothing})
