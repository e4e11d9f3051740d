"""`tms init`: the packaged sample files equal those of the repository and work."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from compose_file import FILLED_IN, ROOT

from tms_core.app import configure, read_ini
from tms_core.commands import main
from tms_core.commands.init import INSTALLED
from tms_core.variables import KNOWN

SAMPLES = ROOT / "src" / "tms_core" / "tms_core" / "samples"
TMS = Path(sys.executable).with_name("tms")
VARIABLE = re.compile(r"\b(?:TMS|EMAIL)_[A-Z_]+\b")


@pytest.fixture
def written(tmp_path) -> Path:
    folder = tmp_path / "etc" / "tms"
    result = CliRunner().invoke(main, ["init", str(folder)], catch_exceptions=False)
    assert result.exit_code == 0
    return folder


@pytest.mark.parametrize("name", ["development.ini", "production.ini", ".env.example"])
def test_samples_equal_the_files_of_the_repository(written, name):
    assert (written / name).read_bytes() == (ROOT / name).read_bytes(), "run: make docs"


def test_existing_files_are_kept(written):
    (written / "production.ini").write_text("mine")
    (written / "development.ini").unlink()

    result = CliRunner().invoke(main, ["init", str(written)])

    assert f"kept   {written / 'production.ini'}" in result.output
    assert f"wrote  {written / 'development.ini'}" in result.output
    assert (written / "production.ini").read_text() == "mine"


def test_an_unwritable_directory_is_named(tmp_path):
    (tmp_path / "file").touch()

    result = CliRunner().invoke(main, ["init", str(tmp_path / "file" / "x")])

    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: {tmp_path / 'file'}")


def test_production_starts_with_completed_samples(written, monkeypatch):
    servers = {"TMS_DATABASE_URL": "postgresql://tms@127.0.0.1/tms", "TMS_REDIS_URL": "redis://127.0.0.1"}
    for name, value in {**FILLED_IN, **servers}.items():
        monkeypatch.setenv(name, value)

    runtime = configure(read_ini(str(written / "production.ini")), web=False).registry.tms

    assert runtime.core.environment == "production"


def test_units_name_this_installation_and_these_settings(written):
    units = {path.name: path.read_text() for path in (written / "systemd").iterdir()}

    assert sorted(units) == ["tms-migrate.service", "tms.target", "tms@.service"]
    assert f"ExecStart={TMS} %i" in units["tms@.service"]
    assert f"Environment=TMS_INI={written}/production.ini" in units["tms@.service"]
    assert not any(INSTALLED in text or "=/etc/tms/" in text for text in units.values())


def test_the_target_starts_every_process(written):
    runtime = configure(read_ini(str(ROOT / "testing.ini")), web=False).registry.tms
    processes = {"api", "relay", "worker", "beat", *runtime.registry.processes}

    started = set(re.findall(r"tms@(\w+)\.service", (written / "systemd" / "tms.target").read_text()))

    assert started == processes


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd")
def test_systemd_accepts_the_units(written):
    units = [*(written / "systemd").iterdir()]

    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)

    assert (done.returncode, [line for line in done.stderr.splitlines() if "tms" in line]) == (0, [])


def test_the_deployment_page_names_only_existing_variables():
    runtime = configure(read_ini(str(ROOT / "testing.ini")), web=False).registry.tms
    settings = {declared.env for group in runtime.groups for declared in group.declarations()}
    page = (ROOT / "docs" / "deploying.md").read_text()

    assert set(VARIABLE.findall(page)) <= settings | KNOWN
    example = (ROOT / ".env.example").read_text()
    assert all(f"\n{name}=" in example for name in re.findall(r"s\|\^(\w+)=", page))
