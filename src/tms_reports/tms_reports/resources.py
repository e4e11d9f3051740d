from tms_core.services.task_filter import NAMES as FILTER_NAMES
from tms_core.services.task_filter import read_filter
from tms_core.web.resource import json_response, resource
from tms_core.web.validation import query_of
from tms_reports.services import ReportService


@resource(path="/api/task-report-insight")
class TaskReportInsight:
    def __init__(self, request, context=None):
        self.request = request

    def get(self):
        """The report over the tasks that one may see, filtered by the words of the task list."""
        values = query_of(self.request, FILTER_NAMES)
        actor = self.request.actor
        report = self.request.registry.reports.compute(actor, read_filter(values, actor_id=actor.id))
        return json_response(report.as_json(), headers={"Cache-Control": "no-store"})


def includeme(config):
    config.registry.reports = ReportService(config.registry.tms)
    config.scan("tms_reports.resources")
