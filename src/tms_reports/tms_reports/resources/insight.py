"""The insight report as a resource."""

from dataclasses import asdict

from prometheus_client import Histogram

from tms_core.services.task_filter import read_filter
from tms_core.services.task_search import resolve_search
from tms_core.web.openapi import ResponseDoc, Tag, documented, names_of
from tms_core.web.resource import json_response, resource
from tms_core.web.task_parameters import FILTER
from tms_core.web.validation import query_of
from tms_reports.rendering.formats import FORMAT, OTHER_CONTENT, read_format, render, rendered_response
from tms_reports.schemas import Report

SECONDS = Histogram(
    "tms_report_seconds",
    "Duration of a report in seconds.",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
FILTER_NAMES = names_of(FILTER)


@resource(path="/api/task-report-insight")
class TaskReportInsight:
    tag = Tag("Report", "Counts of tasks by status, priority, assignee and creator, all from one snapshot.")

    def __init__(self, request, context=None):
        self.request = request

    @documented("get_report", query=(*FILTER, FORMAT), responses={200: ResponseDoc(Report, more=OTHER_CONTENT)})
    def get(self):
        """The report. Counts the tasks that the user may see, with the filters of the task list."""
        values = query_of(self.request, (*FILTER_NAMES, FORMAT.name))
        style = read_format(values)
        values.pop(FORMAT.name, None)
        actor = self.request.actor
        wanted = resolve_search(self.request.autocommit_connection, read_filter(values, actor_id=actor.id))
        with self.request.expensive_read():
            report = self.request.registry.reports.compute(actor, wanted, is_cancelled=self.request.client_disconnected)
        SECONDS.observe(report.elapsed_ms / 1000)
        if style == "json":
            return json_response(report.as_json(), headers={"Cache-Control": "no-store"})
        site = self.request.registry.tms.core.public_url
        return rendered_response(render("insight", asdict(report), style, site=site))
