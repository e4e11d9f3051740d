"""The documentation of sessions."""

from tms_api.schemas.account_responses import Sessions as SessionsResponse
from tms_core.web.openapi import Link, Nothing, ResponseDoc, documented

list_sessions = documented(
    "list_sessions",
    query=(),
    responses={
        200: ResponseDoc(SessionsResponse, links=(Link("delete_session", {"id": "$response.body#/results/0/id"}),))
    },
)

delete_session = documented("delete_session", responses={200: Nothing})
