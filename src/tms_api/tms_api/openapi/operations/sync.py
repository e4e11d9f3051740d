"""The documentation of synchronization."""

from tms_api.schemas.task_responses import Changes
from tms_core.values import MAX_ID
from tms_core.web.openapi import Link, ResponseDoc, WholeNumber, documented, names_of

AFTER = WholeNumber(name="after", help="`event_id` up to which the copy is current.", least=0, most=MAX_ID)
LIMIT = WholeNumber(name="limit", help="Maximum number of events to read.", default=500, least=1, most=5000)
PARAMETERS = (AFTER, LIMIT)
NAMES = names_of(PARAMETERS)

get_changes = documented(
    "get_changes",
    query=PARAMETERS,
    responses={200: ResponseDoc(Changes, links=(Link("get_changes", {"after": "$response.body#/next"}),))},
)
