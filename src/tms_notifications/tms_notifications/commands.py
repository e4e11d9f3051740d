"""The command group `tms mail`: lists mails with their status, shows their content, and retries failed ones."""

from zoneinfo import ZoneInfo

import click
from rich.table import Column, Table
from rich.text import Text
from sqlalchemy import select
from sqlalchemy.orm import Session

from tms_core.commands.invocation import Invocation
from tms_core.models import User
from tms_core.runtime import Runtime
from tms_core.sanitizing import one_line, several_lines
from tms_core.services.account_lookup import has_username
from tms_notifications.celery_queue import enqueue_after_commit
from tms_notifications.explaining import actors_of, explained
from tms_notifications.mailer import FileTransport, create_transport
from tms_notifications.models import MailStatus, NotificationMail
from tms_notifications.presenting import moment
from tms_notifications.preview import preview
from tms_notifications.reading import body_of, header_of
from tms_notifications.services.ledger import LedgerService
from tms_notifications.services.mail_log import MailLogService, Search
from tms_notifications.services.mutes import MuteService
from tms_notifications.services.preferences import PreferenceService
from tms_notifications.services.retries import RetryService
from tms_notifications.services.sending import create_service, file_name

SHOWN_HEADERS = ("From", "To", "Subject", "Date", "Message-ID")
COLOURS = {MailStatus.SENT: "green", MailStatus.FAILED: "red", MailStatus.WAITING: "yellow"}
PIPE_WIDTH = 200
COLUMNS = ("N", "When", "To", "Kind", "Task", "Status")


@click.group()
def mail() -> None:
    """List, show, preview and retry mails, and see why each was or was not sent."""


@mail.command("list")
@click.option("--user", "username", metavar="NAME", help="Only mails to this user.")
@click.option("--task", "task_id", type=int, metavar="ID", help="Only mails about this task.")
@click.option("--status", type=click.Choice([status.value for status in MailStatus]), help="Only in this state.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=30, show_default=True)
@click.pass_obj
def list_mails(
    invocation: Invocation, username: str | None, task_id: int | None, status: str | None, limit: int
) -> None:
    """List the newest mails: recipient, kind, task, status and reason."""
    runtime = invocation.bootstrap()
    search = Search(username, task_id, MailStatus(status) if status else None, limit)
    with runtime.transaction() as session:
        found = [_cells(row, user, runtime.core.zone) for row, user in MailLogService(session).find(search)]
    if not found:
        click.echo("no mails")
        return
    console = invocation.console
    if not console.is_terminal:
        # Output to a pipe is not wrapped to a terminal's width.
        console.width = PIPE_WIDTH
    console.print(_table(found))


@mail.command()
@click.argument("numbers", type=int, nargs=-1, metavar="[NUMBER]...")
@click.option("--all", "all_failed", is_flag=True, help="All failed mails.")
@click.pass_obj
def retry(invocation: Invocation, numbers: tuple[int, ...], *, all_failed: bool) -> None:
    """Send failed and waiting mails again: makes them due now. A mail that was sent is not sent again."""
    if bool(numbers) == all_failed:
        raise click.UsageError("name the mails by their numbers in tms mail list, or give --all")
    runtime = invocation.bootstrap()
    with runtime.transaction() as session:
        service = RetryService(session)
        mail_ids = service.retry_failed() if all_failed else [service.retry(number).id for number in numbers]
        enqueue_after_commit(runtime, session, mail_ids)
    click.echo(f"{len(mail_ids)} mail{'' if len(mail_ids) == 1 else 's'} due now")


@mail.command()
@click.argument("number", type=int)
@click.option("--html", is_flag=True, help="Print the HTML part.")
@click.option("--raw", is_flag=True, help="Print the whole message as it is sent.")
@click.pass_obj
def show(invocation: Invocation, number: int, *, html: bool, raw: bool) -> None:
    """Show one mail: its status, headers and text."""
    runtime = invocation.bootstrap()
    with runtime.transaction() as session:
        row, user = MailLogService(session).get(number)
        content = _content(runtime, session, row, user)
    if raw:
        click.echo(content.replace(b"\r\n", b"\n"), nl=False)
        return
    if html:
        click.echo(several_lines(body_of(content, "html")))
        return
    click.echo(f"[{_describe_status(row, runtime.core.zone)}]")
    for name in SHOWN_HEADERS:
        click.echo(f"{name}: {one_line(header_of(content, name))}")
    click.echo(f"\n{several_lines(body_of(content, 'plain'))}")


@mail.command()
@click.argument("task_id", type=int, metavar="TASK")
@click.argument("username", metavar="USER")
@click.option("--limit", type=click.IntRange(1, 10_000), default=30, show_default=True)
@click.pass_obj
def why(invocation: Invocation, task_id: int, username: str, limit: int) -> None:
    """Explain why USER was, or was not, sent mails about the task with the id TASK: each event, and what became of
    it."""
    runtime = invocation.bootstrap()
    with runtime.transaction() as session:
        user = session.scalar(select(User).where(has_username(username)))
        if user is None:
            raise click.ClickException(f"there is no user {one_line(username)}; tms user list shows which there are")
        service = LedgerService(session)
        entries = service.page(user.id, task_id=task_id, limit=limit)
        usernames = service.usernames(actors_of(entries))
        is_muted = MuteService(session).is_muted(user.id, task_id)
        lines = [explained(row, mail, usernames, runtime.core.zone) for row, mail in reversed(entries)]
    if is_muted:
        click.echo(f"{one_line(user.username)} has muted the task {task_id}.")
    if not lines:
        click.echo(f"No event of the task {task_id} concerned {one_line(user.username)}, who was never assigned to it.")
    for line in lines:
        click.echo(line)


mail.add_command(preview)


def _table(rows: list[list[Text]]) -> Table:
    table = Table(*(Column(name, no_wrap=True) for name in COLUMNS), "Subject", box=None)
    for cells in rows:
        table.add_row(*cells)
    return table


def _cells(row: NotificationMail, user: User, zone: ZoneInfo) -> list[Text]:
    """Return plain `Text` cells: a title may contain characters that are Rich markup."""
    subject = row.subject or row.context.get("task", {}).get("title", "")
    return [
        Text(str(row.id)),
        Text(moment(row.sent_at or row.created_at, zone)),
        Text(one_line(user.username)),
        Text(row.kind.value),
        Text(str(row.task_id or "")),
        Text(row.status.value, COLOURS.get(row.status, "dim")),
        Text("\n".join(filter(None, (one_line(subject), one_line(row.reason or ""))))),
    ]


def _describe_status(row: NotificationMail, zone: ZoneInfo) -> str:
    match row.status:
        case MailStatus.SENT:
            return f"sent {moment(row.sent_at or row.created_at, zone)} to {one_line(row.address or '')}"
        case MailStatus.WAITING if row.attempts:
            when = moment(row.next_attempt_at, zone)
            return f"waiting since attempt {row.attempts}, next {when}: {one_line(row.reason or '')}"
        case MailStatus.WAITING:
            return "waiting for a worker"
        case _:
            return f"{row.status.value}: {one_line(row.reason or '')}"


def _content(runtime: Runtime, session: Session, row: NotificationMail, user: User) -> bytes:
    """Return the message from its .eml file, or composed again from the row where there is no file."""
    transport = create_transport(runtime)
    if isinstance(transport, FileTransport) and transport.path(file_name(row)).exists():
        return transport.path(file_name(row)).read_bytes()
    preference = PreferenceService(session).get(user.id)
    try:
        return create_service(runtime, session).compose(row, user, preference).content
    except Exception as error:
        reason = one_line(str(error))
        status = _describe_status(row, runtime.core.zone)
        raise click.ClickException(f"{status}; the mail cannot be composed: {reason}") from error
