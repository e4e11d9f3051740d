"""Schedules as resources."""

from typing import Any

from tms_core.values import instant
from tms_core.web.openapi import Header, Link, Nothing, ResponseDoc, Tag, documented
from tms_core.web.public_url import absolute_url
from tms_core.web.resource import id_of, json_response, resource
from tms_core.web.validation import body_of, query_of
from tms_reports.models import ReportSchedule
from tms_reports.schedules.schemas import NewSchedule, Schedule, ScheduleChange, Schedules
from tms_reports.schedules.services import ScheduleService, create_service

PATH = "/api/task-report-insight/schedules"
TAG = Tag("Report schedules", "Reports that are mailed regularly.", place=2)
LOCATION = Header("Location", "URL of the new schedule.", f"https://tms.example.com{PATH}/1")
ID = {"id": "$response.body#/id"}
LINKS = tuple(Link(f"{verb}_report_schedule", ID) for verb in ("get", "change", "run", "delete"))
CONFLICT = "The caller has too many schedules."
NO_MAIL = "No package that sends mail is included."
NOT_OWNER = "Only its owner may change or run a schedule."
HEADERS = {"Cache-Control": "no-store"}


class ScheduleResource:
    tag = TAG

    def __init__(self, request, context=None):
        self.request = request

    @property
    def schedules(self) -> ScheduleService:
        return create_service(self.request.registry.tms, self.request.db, self.request.actor)


@resource(collection_path=PATH, path=PATH + r"/{id:\d+}", name="report-schedules")
class ReportSchedules(ScheduleResource):
    @documented("list_report_schedules", query=(), responses={200: Schedules})
    def collection_get(self):
        """List the caller's schedules, and those that mail reports to the caller."""
        query_of(self.request, ())
        return json_response({"results": [self._present(one) for one in self.schedules.list()]}, headers=HEADERS)

    @documented(
        "create_report_schedule",
        body=NewSchedule,
        responses={201: ResponseDoc(Schedule, headers=(LOCATION,), links=LINKS), 409: CONFLICT, 501: NO_MAIL},
    )
    def collection_post(self):
        """Mail a report regularly. A time that was missed is caught up once."""
        body = body_of(self.request, NewSchedule)
        values = body.model_dump(exclude={"parameters"}) | {"parameters": body.parameters.as_json()}
        values["timezone"] = body.timezone or self.request.registry.tms.core.timezone
        schedule = self.schedules.create(values)
        location = absolute_url(self.request, f"{PATH}/{schedule.id}")
        return json_response(self._present(schedule), status=201, headers={**HEADERS, "Location": location})

    @documented("get_report_schedule", query=(), responses={200: Schedule})
    def get(self):
        """Get a schedule."""
        query_of(self.request, ())
        return json_response(self._present(self.schedules.get(id_of(self.request))), headers=HEADERS)

    @documented("change_report_schedule", body=ScheduleChange, responses={200: Schedule, 403: NOT_OWNER, 501: NO_MAIL})
    def patch(self):
        """Change, pause or resume a schedule."""
        schedule_id = id_of(self.request)
        body = body_of(self.request, ScheduleChange)
        values = body.model_dump(exclude_unset=True)
        if "parameters" in values:
            values["parameters"] = body.parameters.as_json()
        return json_response(self._present(self.schedules.change(schedule_id, values)), headers=HEADERS)

    @documented("delete_report_schedule", responses={200: Nothing})
    def delete(self):
        """Delete a schedule; a recipient leaves the schedule of another user."""
        self.schedules.delete(id_of(self.request))
        return json_response({})

    def _present(self, schedule: ReportSchedule) -> dict[str, Any]:
        return present_schedule(schedule, self.request.actor.id)


@resource(path=PATH + r"/{id:\d+}/run", name="report-schedule-run")
class ReportScheduleRun(ScheduleResource):
    @documented(
        "run_report_schedule",
        responses={202: Schedule, 403: NOT_OWNER, 409: "The last run is not finished.", 501: NO_MAIL},
    )
    def post(self):
        """Run a schedule now, also a paused one."""
        schedule = self.schedules.run(id_of(self.request))
        return json_response(present_schedule(schedule, self.request.actor.id), status=202, headers=HEADERS)


def present_schedule(schedule: ReportSchedule, user_id: int) -> dict[str, Any]:
    """Return a schedule as a user sees it: other recipients are shown to the owner only."""
    is_own = schedule.user_id == user_id
    return {
        "id": schedule.id,
        "owner": schedule.user_id,
        "name": schedule.name,
        "cron": schedule.cron,
        "timezone": schedule.timezone,
        "report": schedule.report,
        "parameters": schedule.parameters,
        "format": schedule.format,
        "recipients": schedule.recipients if is_own else [user_id],
        "is_paused": schedule.is_paused,
        "next_run_at": schedule.next_run_at and instant(schedule.next_run_at),
        "last_run": _last_run(schedule, is_own=is_own),
        "created_at": instant(schedule.created_at),
        "updated_at": instant(schedule.updated_at),
    }


def _last_run(schedule: ReportSchedule, *, is_own: bool) -> dict[str, Any] | None:
    if schedule.last_run_at is None or schedule.last_status is None:
        return None
    return {
        "at": instant(schedule.last_run_at),
        "status": schedule.last_status.value,
        "error": schedule.last_error if is_own else None,
        "job_id": schedule.last_job_id if is_own else None,
    }
