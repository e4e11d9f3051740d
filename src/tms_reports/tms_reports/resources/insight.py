"""The insight report as a resource."""

from dataclasses import asdict

from prometheus_client import Histogram

from tms_core.error_codes import NOT_A_CHOICE
from tms_core.errors import InvalidError
from tms_core.permissions import Actor
from tms_core.services.task_filter import TaskFilter, read_filter
from tms_core.services.task_search import resolve_search
from tms_core.web.openapi import Parameter, ResponseDoc, Tag, documented, names_of
from tms_core.web.resource import json_response, resource
from tms_core.web.task_parameters import FILTER
from tms_core.web.validation import query_of, single_value
from tms_reports.rendering.formats import (
    FORMAT,
    OTHER_CONTENT_WITH_IMAGES,
    chart_parameter,
    read_chart,
    read_format,
    render,
    rendered_response,
)
from tms_reports.schemas import Report
from tms_reports.services import ReportService, RequestedMode

SECONDS = Histogram(
    "tms_report_seconds",
    "Duration of a report in seconds, by mode: from the counters (live) or by counting (scan).",
    ["mode"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
FILTER_NAMES = names_of(FILTER)
MODES: tuple[RequestedMode, ...] = ("auto", "live", "scan")
MODE = Parameter(
    name="mode",
    help="`live`: from counters that are kept up to date, in milliseconds, for filters by status and priority (and, "
    "where personal counters are kept, by one creator or assignee); `scan`: by counting the tasks; `auto`: live where "
    "possible.",
    kind=RequestedMode,
    default="auto",
    responses={
        400: "A parameter is not valid, or `mode=live` has a filter for which no counters are kept.",
        501: "`mode=live`: no counters are kept.",
    },
)
CHART = chart_parameter("insight")


@resource(path="/api/task-report-insight")
class TaskReportInsight:
    tag = Tag("Report", "Counts of tasks by status, priority, assignee and creator, all from one snapshot.")

    def __init__(self, request, context=None):
        self.request = request

    @documented(
        "get_report",
        query=(*FILTER, MODE, FORMAT, CHART),
        responses={200: ResponseDoc(Report, more=OTHER_CONTENT_WITH_IMAGES)},
    )
    def get(self):
        """The report. Counts the tasks that the user may see, with the filters of the task list."""
        values = query_of(self.request, (*FILTER_NAMES, MODE.name, FORMAT.name, CHART.name))
        style, chart = read_format(values), read_chart(values, "insight")
        mode, actor = _mode(values), self.request.actor
        wanted = read_filter(values, actor_id=actor.id, zone=self.request.registry.tms.core.zone)
        report = None
        if mode != "scan":
            report = self._reports.live(actor, wanted, is_required=mode == "live")
        if report is None:
            report = self._scan(actor, wanted)
        SECONDS.labels(report.mode).observe(report.elapsed_ms / 1000)
        if style == "json":
            return json_response(report.as_json(), headers={"Cache-Control": "no-store"})
        site = self.request.registry.tms.core.public_url
        return rendered_response(render("insight", asdict(report), style, site=site, chart=chart))

    @property
    def _reports(self) -> ReportService:
        return self.request.registry.reports

    def _scan(self, actor: Actor, wanted: TaskFilter) -> Report:
        if wanted.q:
            wanted = resolve_search(self.request.autocommit_connection, wanted)
        with self.request.expensive_read():
            return self._reports.scan(actor, wanted, is_cancelled=self.request.client_disconnected)


def _mode(values: dict[str, list[str]]) -> RequestedMode:
    text = single_value(values, MODE.name) or MODE.default
    for mode in MODES:
        if text == mode:
            return mode
    raise InvalidError.of(MODE.name, f"must be one of {', '.join(MODES)}", NOT_A_CHOICE, "query", choices=MODES)
