"""`tms mail preview`: shows each kind of mail with sample data, in the templates of the deployment."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from tms_core.commands.invocation import Invocation
from tms_core.runtime import Runtime
from tms_core.sanitizing import one_line
from tms_notifications.composing import Composer, Recipient
from tms_notifications.messages import OutgoingMail
from tms_notifications.models import LANGUAGES
from tms_notifications.reading import body_of, header_of
from tms_notifications.samples import BEN, EMAIL, NAME, SAMPLE_TOKEN, SAMPLES, USERNAMES, sample
from tms_notifications.settings import NotificationSettings

PARTS = {"html": "html", "text": "plain"}
SUFFIXES = {"html": "html", "text": "txt"}


@click.command()
@click.argument("kind", type=click.Choice(list(SAMPLES)), required=False)
@click.option("--all", "all_kinds", is_flag=True, help="Write every kind; needs --output.")
@click.option("--html", "part", flag_value="html", help="Print the HTML part.")
@click.option("--text", "part", flag_value="text", help="Print the text part (the default).")
@click.option("--raw", "part", flag_value="raw", help="Print the whole message as it is sent.")
@click.option("--language", type=click.Choice(LANGUAGES), help="Default: tms.notifications.language.")
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write both parts and the message into this folder, as KIND.LANGUAGE.html, .txt and .eml.",
)
@click.pass_obj
def preview(
    invocation: Invocation,
    kind: str | None,
    *,
    all_kinds: bool,
    part: str | None,
    language: str | None,
    output: Path | None,
) -> None:
    """Show a mail of KIND with sample data, by the templates and settings of this deployment. Sends nothing."""
    if (kind is None) != all_kinds:
        raise click.UsageError("name one kind of mail, or give --all")
    if all_kinds and output is None:
        raise click.UsageError("--all needs --output DIR")
    runtime = invocation.bootstrap()
    for name, mail in sample_mails(runtime, [kind] if kind else SAMPLES, language):
        if output is None:
            click.echo(_shown(mail, part), nl=part != "raw")
        else:
            _write(mail, output, f"{name}.{language or _default(runtime)}")
    if output is not None:
        click.echo(f"written to {output}")


def sample_mails(
    runtime: Runtime, names: Iterable[str], language: str | None = None
) -> Iterator[tuple[str, OutgoingMail]]:
    """Yield the sample mails of these names. Raises a usage error that names the mail whose template fails."""
    composer = Composer(runtime)
    recipient = Recipient(BEN, NAME, EMAIL, runtime.core.zone, language or _default(runtime))
    for name in names:
        mail = sample(name, runtime.core.public_url)
        try:
            yield name, composer.compose(mail, recipient, USERNAMES, SAMPLE_TOKEN)
        except Exception as error:
            # Custom templates may raise anything.
            raise click.ClickException(f"{name} cannot be composed: {type(error).__name__}: {error}") from error


def _default(runtime: Runtime) -> str:
    return runtime.settings(NotificationSettings).language


def _shown(mail: OutgoingMail, part: str | None) -> str:
    if part == "raw":
        return mail.content.decode().replace("\r\n", "\n")
    if part is not None:
        return _body(mail, part)
    return f"Subject: {one_line(header_of(mail.content, 'Subject'))}\n\n{_body(mail, 'text')}"


def _body(mail: OutgoingMail, part: str) -> str:
    return body_of(mail.content, PARTS[part]).replace("\r\n", "\n")


def _write(mail: OutgoingMail, folder: Path, name: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for part, suffix in SUFFIXES.items():
        (folder / f"{name}.{suffix}").write_text(_body(mail, part), encoding="utf-8")
    (folder / f"{name}.eml").write_bytes(mail.content)
