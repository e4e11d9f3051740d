"""The documentation of personal API tokens."""

from tms_api.schemas.account_answers import ApiTokens as ApiTokensAnswer
from tms_api.schemas.account_answers import ShownApiToken
from tms_api.schemas.accounts import NewApiToken
from tms_core.web.openapi import Answer, Link, Nothing, documented

create_api_token = documented(
    "create_api_token",
    body=NewApiToken,
    answers={
        201: Answer(ShownApiToken, links=(Link("delete_api_token", {"id": "$response.body#/id"}),)),
        403: "`current_password` is wrong.",
        409: "The user has too many personal tokens.",
    },
)

list_api_tokens = documented("list_api_tokens", query=(), answers={200: ApiTokensAnswer})

delete_api_token = documented("delete_api_token", answers={200: Nothing})
