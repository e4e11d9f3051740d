"""The documentation of bulk changes."""

from tms_api.schemas.task_bulk import Bulk
from tms_api.schemas.task_responses import BulkPreconditionFailed, BulkProblem, BulkResults
from tms_core.web.openapi import ResponseDoc, documented

change_tasks = documented(
    "change_tasks",
    body=Bulk,
    responses={
        200: BulkResults,
        400: ResponseDoc(BulkProblem, "Malformed or invalid; `index` is the invalid operation, if there is one."),
        403: ResponseDoc(BulkProblem, "The caller may not execute operation `index`."),
        404: ResponseDoc(BulkProblem, "The task of operation `index` does not exist."),
        412: BulkPreconditionFailed,
    },
)
