"""Jobs as resources."""

from typing import Any, cast

from tms_core.web.openapi import Header, Link, Nothing, ResponseDoc, Tag, documented
from tms_core.web.public_url import absolute_url
from tms_core.web.resource import id_of, json_response, resource
from tms_core.web.validation import body_of, query_of
from tms_reports.jobs.presenting import PATH, present_job
from tms_reports.jobs.schemas import Job, Jobs, NewJob
from tms_reports.jobs.services import JobService, create_service
from tms_reports.rendering.formats import CONTENT_TYPES, OTHER_CONTENT, Format, content_response

TAG = Tag("Report jobs", "Reports that are computed in the background, for those that take long.", place=1)
LOCATION = Header("Location", "URL of the new job.", f"https://tms.example.com{PATH}/1")
LINKS = tuple(Link(name, {"id": "$response.body#/id"}) for name in ("get_report_job", "delete_report_job"))
CONFLICT = "Another job of the caller is not finished."
RESULT = ResponseDoc(dict[str, Any], "The report, in the format of the job.", more=OTHER_CONTENT)
HEADERS = {"Cache-Control": "no-store"}


class JobResource:
    tag = TAG

    def __init__(self, request, context=None):
        self.request = request

    @property
    def jobs(self) -> JobService:
        return create_service(self.request.registry.tms, self.request.db, self.request.actor)

    def present(self, job):
        return present_job(job, base_url=absolute_url(self.request, ""))


@resource(collection_path=PATH, path=PATH + r"/{id:\d+}", name="report-jobs")
class ReportJobs(JobResource):
    @documented("list_report_jobs", query=(), responses={200: Jobs})
    def collection_get(self):
        """List the caller's jobs, the newest first."""
        query_of(self.request, ())
        return json_response({"results": [self.present(job) for job in self.jobs.list()]}, headers=HEADERS)

    @documented(
        "create_report_job",
        body=NewJob,
        responses={202: ResponseDoc(Job, headers=(LOCATION,), links=LINKS), 409: CONFLICT},
    )
    def collection_post(self):
        """Compute a report in the background. The realtime channel tells of its progress, by messages of the type
        `report_job`. A user has one job at a time."""
        body = body_of(self.request, NewJob)
        job = self.jobs.start(body.report, body.parameters.as_json(), body.format)
        location = absolute_url(self.request, f"{PATH}/{job.id}")
        return json_response(self.present(job), status=202, headers={**HEADERS, "Location": location})

    @documented("get_report_job", query=(), responses={200: Job})
    def get(self):
        """Get a job: its status and progress."""
        query_of(self.request, ())
        return json_response(self.present(self.jobs.get(id_of(self.request))), headers=HEADERS)

    @documented("delete_report_job", responses={200: Nothing})
    def delete(self):
        """Cancel a job, or delete a finished one. A cancelled job stays in the list until it expires."""
        self.jobs.cancel_or_delete(id_of(self.request))
        return json_response({})


@resource(path=PATH + r"/{id:\d+}/result", name="report-job-result")
class ReportJobResult(JobResource):
    @documented(
        "get_report_job_result",
        query=(),
        responses={200: RESULT, 409: "The job has no result."},
    )
    def get(self):
        """Get the result of a finished job, in the format that was asked for."""
        query_of(self.request, ())
        job, content = self.jobs.result(id_of(self.request))
        name = f"{job.report}-{job.created_at:%Y-%m-%d}.{job.format}"
        return content_response(CONTENT_TYPES[cast(Format, job.format)], [content], job.format, name)
