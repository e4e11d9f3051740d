"""The documentation of the counts of tasks."""

from tms_api.schemas.task_responses import TaskCounts
from tms_core.services.task_counts import Grouping
from tms_core.web.openapi import Parameter, ResponseDoc, documented, names_of
from tms_core.web.task_parameters import FILTER

BY = Parameter(name="by", help="The field whose values are counted.", kind=Grouping, is_required=True, example="status")
PARAMETERS = (BY, *FILTER)
NAMES = names_of(PARAMETERS)
GROUPINGS: tuple[Grouping, ...] = ("status", "priority", "assigned_to", "due_date")

count_tasks = documented("count_tasks", query=PARAMETERS, responses={200: ResponseDoc(TaskCounts)})
