"""The reports besides the insight as resources."""

from tms_core.services.task_filter import read_filter
from tms_core.services.task_search import resolve_search
from tms_core.web.openapi import ResponseDoc, documented, names_of
from tms_core.web.resource import resource
from tms_core.web.task_parameters import FILTER
from tms_core.web.validation import query_of
from tms_reports.rendering.formats import (
    FORMAT,
    OTHER_CONTENT_WITH_IMAGES,
    chart_parameter,
    read_chart,
    read_format,
    render,
    rendered_response,
)
from tms_reports.resources.insight import FILTER_NAMES, SECONDS, TaskReportInsight
from tms_reports.series import schemas
from tms_reports.series.parameters import KINDS, SeriesName
from tms_reports.series.task_lists import PATH

TAG = TaskReportInsight.tag


class SeriesResource:
    tag = TAG

    def __init__(self, request, context=None):
        self.request = request

    def respond(self, name: SeriesName):
        request, kind = self.request, KINDS[name]
        own = names_of(kind.parameters)
        values = query_of(request, (*FILTER_NAMES, *own, FORMAT.name, "chart"))
        style, chart = read_format(values), read_chart(values, name)
        report = kind.read({key: value for key, value in values.items() if key in own})
        filter_values = {key: value for key, value in values.items() if key not in (*own, FORMAT.name, "chart")}
        wanted = read_filter(filter_values, actor_id=request.actor.id, zone=request.registry.tms.core.zone)
        wanted = resolve_search(request.autocommit_connection, wanted)
        with request.expensive_read():
            found = request.registry.report_series.compute(
                report, request.actor, wanted, is_cancelled=request.client_disconnected
            )
        SECONDS.labels("scan").observe(found["elapsed_ms"] / 1000)
        site = request.registry.tms.core.public_url
        return rendered_response(render(name, found, style, site=site, chart=chart))


def response_of(schema):
    return {200: ResponseDoc(schema, more=OTHER_CONTENT_WITH_IMAGES)}


def parameters_of(name: SeriesName):
    return (*FILTER, *KINDS[name].parameters, FORMAT, chart_parameter(name))


@resource(path=f"{PATH}/trend", name="report-trend")
class Trend(SeriesResource):
    @documented("get_trend", query=parameters_of("trend"), responses=response_of(schemas.TrendResponse))
    def get(self):
        """Tasks created, completed and open per day. About the tasks that match the filters now, with their history;
        deleted tasks are left out."""
        return self.respond("trend")


@resource(path=f"{PATH}/burndown", name="report-burndown")
class Burndown(SeriesResource):
    @documented("get_burndown", query=parameters_of("burndown"), responses=response_of(schemas.BurndownResponse))
    def get(self):
        """What is left of the matching tasks at the end of each day, beside the ideal line."""
        return self.respond("burndown")


@resource(path=f"{PATH}/cycle-time", name="report-cycle-time")
class CycleTime(SeriesResource):
    @documented("get_cycle_time", query=parameters_of("cycle-time"), responses=response_of(schemas.CycleTimeResponse))
    def get(self):
        """Median and 85th percentile of the hours from creation, and from the first start of work, to completion. A
        task that was reopened counts with its last completion; tasks that were loaded without events do not count."""
        return self.respond("cycle-time")


@resource(path=f"{PATH}/workload", name="report-workload")
class Workload(SeriesResource):
    @documented("get_workload", query=parameters_of("workload"), responses=response_of(schemas.WorkloadResponse))
    def get(self):
        """Open, overdue and soon due tasks by assignee, the busiest first."""
        return self.respond("workload")


@resource(path=f"{PATH}/aging", name="report-aging")
class Aging(SeriesResource):
    @documented("get_aging", query=parameters_of("aging"), responses=response_of(schemas.AgingResponse))
    def get(self):
        """Open tasks by the number of days since their creation, and the oldest ones."""
        return self.respond("aging")
