"""The documentation of bulk changes."""

from tms_api.schemas.task_answers import BulkPreconditionFailed, BulkProblem, BulkResults
from tms_api.schemas.task_bulk import Bulk
from tms_core.web.openapi import Answer, documented

change_tasks = documented(
    "change_tasks",
    body=Bulk,
    answers={
        200: BulkResults,
        400: Answer(BulkProblem, "Malformed or invalid; `index` is the invalid operation, if there is one."),
        403: Answer(BulkProblem, "The caller may not execute operation `index`."),
        404: Answer(BulkProblem, "The task of operation `index` does not exist."),
        412: BulkPreconditionFailed,
    },
)
