"""`tms mail preview`: every kind of mail with sample data, without a database."""

import logging
from email import message_from_bytes
from html.parser import HTMLParser

import pytest
from click.testing import CliRunner

from tms_core.commands.group import main
from tms_notifications.models import LANGUAGES, MailKind
from tms_notifications.samples import SAMPLES
from tms_notifications.unsubscribing import UnsubscribeTokens

KEY = "k" * 40
VOID = {"meta", "br"}


@pytest.fixture
def tms(tmp_path):
    """Runs `tms mail preview` with arguments, on settings without a reachable database."""
    logs = logging.getLogger().handlers[:]

    def run(*arguments: str, code: int = 0, **settings: str) -> str:
        ini = {
            "pyramid.includes": "tms_notifications tms_local",
            "tms.environment": "development",
            "tms.jwt_private_key": KEY,
            "tms.public_url": "https://tasks.example.org",
            "tms.notifications.transport": "file",
            "tms.database_url": "postgresql://nobody@127.0.0.1:1/none",
        } | {f"tms.notifications.{name}": value for name, value in settings.items()}
        path = tmp_path / "test.ini"
        path.write_text("\n".join(["[app:main]", "use = egg:tms-core", *(f"{k} = {v}" for k, v in ini.items())]))
        result = CliRunner().invoke(main, ["--ini", str(path), "mail", "preview", *arguments])
        assert result.exit_code == code, result.output
        return result.output

    yield run
    # The command redirects logging to its own standard error, which is closed at its end.
    logging.getLogger().handlers[:] = logs


class Balance(HTMLParser):
    """Collects what mail programs do not load, and checks that elements are nested."""

    def __init__(self, page: str):
        super().__init__()
        self.open: list[str] = []
        self.sources: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.sources += [value for name, value in attrs if name in ("src", "background", "srcset")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_every_kind_has_a_sample():
    assert {kind for kind, _context in SAMPLES.values()} == set(MailKind)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_is_written_in_every_language(tms, tmp_path, language):
    tms("--all", "--language", language, "--output", str(tmp_path / "out"))

    for name, (kind, _context) in SAMPLES.items():
        html, text, raw = (
            (tmp_path / "out" / f"{name}.{language}.{suffix}").read_text() for suffix in ("html", "txt", "eml")
        )
        page = Balance(html)
        assert page.open == []
        assert page.sources == []
        assert "url(" not in html
        assert "jinja" not in html + text
        assert f'<html lang="{language}">' in html
        assert "prefers-color-scheme: dark" in html
        assert 'class="card" bgcolor="#ffffff" style="' in html
        assert not text.startswith("\n")
        assert "\n\n\n" not in text
        assert ("List-Unsubscribe-Post: List-Unsubscribe=One-Click" in raw) is kind.is_about_tasks
        assert message_from_bytes(raw.encode())["Auto-Submitted"] == "auto-generated"


def test_parts_and_languages_are_printed(tms):
    assert tms("updated").startswith(
        "Subject: [TMS] Paint the fence before the summer party (#42)\n\nada.adeyemi changed"
    )
    assert tms("updated", "--text", "--language", "de").startswith("ada.adeyemi hat eine Aufgabe geändert")
    assert "Status: Offen → In Arbeit" in tms("updated", language="de")
    assert tms("digest", "--html").startswith("<!DOCTYPE html>")
    assert "\nReferences: <task.42@" in tms("assigned", "--raw")


def test_a_broken_template_is_named(tms, tmp_path):
    (tmp_path / "task").mkdir()
    (tmp_path / "task" / "task_email.txt").write_text("{{ task.title | nothing }}")

    assert "assigned cannot be composed" in tms("assigned", code=1, template_path=str(tmp_path))
    assert "Overdue" in tms("due_soon", "--html", template_path=str(tmp_path))


def test_all_needs_a_folder_and_no_kind(tms):
    assert "--output" in tms("--all", code=2)
    assert "name one kind" in tms(code=2)


def test_the_links_of_samples_unsubscribe_nobody(tms):
    token = tms("assigned", "--text").partition("?token=")[2].split()[0]

    assert token.startswith("0.assigned.")
    assert UnsubscribeTokens(KEY).read(token) is None
    assert UnsubscribeTokens(KEY).read(UnsubscribeTokens(KEY).create(7, "assigned")) == (7, "assigned")
