"""The mail of a scheduled report: a summary, with the page and the CSV file attached."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from tms_core.document_mail import Attachment, DocumentMail
from tms_core.models import User
from tms_core.runtime import Runtime
from tms_core.sanitizing import one_line
from tms_reports.models import ReportJob, ReportSchedule
from tms_reports.rendering.documents import document_of
from tms_reports.rendering.formats import Format, render
from tms_reports.rendering.html import cell


def compose(runtime: Runtime, job: ReportJob, result: Mapping[str, Any]) -> DocumentMail | None:
    """Return the mail of a finished job; None if its schedule was deleted, or no longer mails to its user."""
    with runtime.transaction() as session:
        schedule = session.get(ReportSchedule, job.schedule_id)
        if schedule is None or job.user_id not in schedule.recipients:
            return None
        owner = session.get_one(User, schedule.user_id)
    document = document_of(job.report, result)
    variables = {
        "document": document,
        "schedule": one_line(schedule.name),
        "owner": "you" if owner.id == job.user_id else one_line(owner.username),
        "site": runtime.core.public_url,
    }
    templates = _environment()
    return DocumentMail(
        key=f"report-job:{job.id}",
        user_id=job.user_id,
        subject=f"{one_line(schedule.name)}: {document.title}",
        text=templates.get_template("mail.txt").render(variables),
        html=templates.get_template("mail.html").render(variables),
        attachments=list(_attachments(runtime, job, result)),
    )


def _attachments(runtime: Runtime, job: ReportJob, result: Mapping[str, Any]) -> Iterator[Attachment]:
    styles: tuple[Format, ...] = ("html", "csv", "json") if job.format == "json" else ("html", "csv")
    for style in styles:
        rendered = render(job.report, result, style, site=runtime.core.public_url)
        yield Attachment(rendered.file_name, rendered.content_type, b"".join(rendered.chunks))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("tms_reports"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["cell"] = cell
    return environment
