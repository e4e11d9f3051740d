"""The documentation of sessions."""

from tms_api.schemas.account_answers import Sessions as SessionsAnswer
from tms_core.web.openapi import Answer, Link, Nothing, documented

list_sessions = documented(
    "list_sessions",
    query=(),
    answers={200: Answer(SessionsAnswer, links=(Link("delete_session", {"id": "$response.body#/results/0/id"}),))},
)

delete_session = documented("delete_session", answers={200: Nothing})
