"""The `tms` command: fast help, and errors for missing commands."""

import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from click.testing import CliRunner

from tms_core.commands import main
from tms_core.commands.group import GROUP
from tms_core.commands.summaries import summary_of

# Each takes 0.1 s or more to import, and none is needed for help.
HEAVY = (
    "alembic",
    "celery",
    "cornice",
    "pydantic",
    "pyramid.config",
    "redis",
    "rich",
    "sqlalchemy",
    "structlog",
    "twisted",
)
INI = "[app:main]\nuse = egg:tms-core\npyramid.includes =\n    tms_reports\n    tms_notifications\n"


@pytest.fixture
def ini(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("TMS_INI", "")
    file = tmp_path / "some.ini"
    file.write_text(INI)
    return file


def test_help_imports_no_heavy_modules(ini):
    code = (
        "import sys; from tms_core.commands import main; main(sys.argv[1:], standalone_mode=False);"
        "print('loaded', *sorted(sys.modules))"
    )

    done = subprocess.run(
        [sys.executable, "-c", code, "--ini", ini, "--help"], capture_output=True, text=True, check=True
    )

    text, _, loaded = done.stdout.partition("\nloaded ")
    assert "\n  report " in text
    assert [name for name in HEAVY if name in loaded.split()] == []


@pytest.mark.parametrize("entry", entry_points(group=GROUP), ids=lambda entry: entry.name)
def test_a_summary_equals_that_of_the_imported_command(entry):
    assert summary_of(entry, 60) == entry.load().get_short_help_str(60) != ""


def test_a_summary_without_source_comes_from_the_command(monkeypatch):
    (entry,) = entry_points(group=GROUP, name="relay")
    monkeypatch.setattr("tms_core.commands.summaries._source", lambda module: None)

    assert summary_of(entry, 60) == "Deliver committed events to the sinks (mail, realtime, …)."


def test_only_commands_of_included_packages_are_shown(ini):
    shown = CliRunner().invoke(main, ["--ini", str(ini), "--help"]).output

    assert "\n  mail " in shown
    assert "\n  realtime " not in shown


def test_packages_of_an_inherited_settings_file_are_found(ini):
    child = ini.with_name("child.ini")
    child.write_text("[app:main]\nuse = config:some.ini\n")

    assert "\n  mail " in CliRunner().invoke(main, ["--ini", str(child), "--help"]).output


def test_a_command_of_an_excluded_package_names_the_package(ini):
    result = CliRunner().invoke(main, ["--ini", str(ini), "realtime"])

    assert result.exit_code == 2
    assert f"tms realtime is a command of tms_realtime, and {ini} does not include tms_realtime" in result.stderr


def test_a_command_of_a_package_without_a_settings_file_names_the_file(tmp_path):
    result = CliRunner().invoke(main, ["--ini", str(tmp_path / "none.ini"), "report"])

    assert result.exit_code == 2
    assert f"there is no settings file {tmp_path / 'none.ini'}" in result.stderr


@pytest.mark.parametrize("command", ["up", "demo-data"])
def test_a_local_command_without_its_package_says_what_to_include(ini, command):
    result = CliRunner().invoke(main, ["--ini", str(ini), command])

    assert result.exit_code == 2
    assert result.stderr == (
        f"Error: tms {command} is a command of tms_local, and {ini} does not include tms_local: add tms_local to its "
        "pyramid.includes, or name a file that has it\n"
    )


def test_tms_up_looks_into_the_settings_file_that_it_is_given(ini):
    local = ini.with_name("local.ini")
    local.write_text("[app:main]\nuse = egg:tms-core\npyramid.includes = tms_local\ntms.environment = no\n")
    included, excluded = (
        # Not in this process, which `tms up` forks.
        subprocess.run(
            [Path(sys.executable).with_name("tms"), "--ini", default, "up", named],
            capture_output=True,
            text=True,
            check=False,
        )
        for default, named in ((ini, local), (local, ini))
    )

    assert (excluded.returncode, included.returncode) == (2, 2)
    assert f"{ini} does not include tms_local" in excluded.stderr
    assert "tms.environment" in included.stderr


def test_local_commands_are_listed_and_reachable_without_a_settings_file(tmp_path, monkeypatch):
    monkeypatch.setenv("TMS_INI", "")
    monkeypatch.chdir(tmp_path)

    shown = CliRunner().invoke(main, ["--help"]).output
    result = CliRunner().invoke(main, ["demo-data"])

    assert "\n  up " in shown
    assert "\n  demo-data " in shown
    assert (result.exit_code, result.stderr) == (
        2,
        "Error: there is no settings file development.ini: name one with --ini or TMS_INI\n",
    )


def test_an_unknown_command_is_reported(ini):
    assert "No such command 'repot'" in CliRunner().invoke(main, ["--ini", str(ini), "repot"]).stderr
