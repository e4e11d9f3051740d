"""The tasks behind the numbers of trend, burndown and cycle time as resources."""

from tms_core.services.task_filter import read_filter
from tms_core.services.task_search import resolve_search
from tms_core.web.openapi import ResponseDoc, documented, names_of
from tms_core.web.pagination import PARAMETERS as PAGE
from tms_core.web.pagination import PAST_THE_END, envelope, read_page
from tms_core.web.resource import json_response, resource, to_json
from tms_core.web.task_parameters import FILTER
from tms_core.web.validation import query_of
from tms_reports.resources.insight import FILTER_NAMES, SECONDS, TaskReportInsight
from tms_reports.series.task_list_parameters import TASK_LISTS, TaskListName
from tms_reports.series.task_list_schemas import CycleTimeTasksResponse, TrendTasksResponse
from tms_reports.series.task_lists import PATH, Slice

PAGE_NAMES = names_of(PAGE)


class TaskListResource:
    tag = TaskReportInsight.tag

    def __init__(self, request, context=None):
        self.request = request

    def respond(self, name: TaskListName):
        request, kind = self.request, TASK_LISTS[name]
        own = names_of(kind.parameters)
        values = query_of(request, (*FILTER_NAMES, *own, *PAGE_NAMES))
        page = read_page(values)
        tasks = kind.read(values, Slice(page.size, page.offset))
        filter_values = {key: value for key, value in values.items() if key in FILTER_NAMES}
        wanted = read_filter(filter_values, actor_id=request.actor.id, zone=request.registry.tms.core.zone)
        wanted = resolve_search(request.autocommit_connection, wanted)
        with request.expensive_read():
            found = request.registry.report_series.compute(
                tasks, request.actor, wanted, is_cancelled=request.client_disconnected
            )
        SECONDS.labels("scan").observe(found["elapsed_ms"] / 1000)
        body = {**found, **envelope(request, values, page, found["count"], found["results"])}
        return json_response(to_json(body), headers={"Cache-Control": "no-store"})


def parameters_of(name: TaskListName):
    return (*FILTER, *TASK_LISTS[name].parameters, *PAGE)


@resource(path=f"{PATH}/trend/tasks", name="report-trend-tasks")
class TrendTasks(TaskListResource):
    @documented(
        "get_trend_tasks",
        query=parameters_of("trend"),
        responses={200: ResponseDoc(TrendTasksResponse), 404: PAST_THE_END},
    )
    def get(self):
        """The tasks that a number of the trend or the burndown counts, the newest change first. A task that was
        completed twice on these days stands there twice, as it counts."""
        return self.respond("trend")


@resource(path=f"{PATH}/cycle-time/tasks", name="report-cycle-time-tasks")
class CycleTimeTasks(TaskListResource):
    @documented(
        "get_cycle_time_tasks",
        query=parameters_of("cycle-time"),
        responses={200: ResponseDoc(CycleTimeTasksResponse), 404: PAST_THE_END},
    )
    def get(self):
        """The tasks whose cycle times count, the longest first. A group of the report is a filter: `priority=HIGH`."""
        return self.respond("cycle-time")
