"""The documentation of personal API tokens."""

from tms_api.schemas.account_responses import ApiTokens as ApiTokensResponse
from tms_api.schemas.account_responses import ShownApiToken
from tms_api.schemas.accounts import NewApiToken
from tms_core.web.openapi import Link, Nothing, ResponseDoc, documented

create_api_token = documented(
    "create_api_token",
    body=NewApiToken,
    responses={
        201: ResponseDoc(ShownApiToken, links=(Link("delete_api_token", {"id": "$response.body#/id"}),)),
        403: "`current_password` is wrong.",
        409: "The user has too many personal tokens.",
    },
)

list_api_tokens = documented("list_api_tokens", query=(), responses={200: ApiTokensResponse})

delete_api_token = documented("delete_api_token", responses={200: Nothing})
