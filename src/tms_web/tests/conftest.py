"""Small builds of the web UI and of its packages, in place of those of the checkout."""

import gzip
import importlib.resources
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

SHELL = {
    "sources": "0",
    "entry": "shell-AB12CD34.js",
    "preloads": ["shell-AB12CD34.js", "chunk-GH90IJ12.js", "preact-EF56GH78.js"],
    "inline": "early-KL34MN56.js",
    "styles": ["shell-AB12CD34.css"],
    "imports": {"preact": "preact-EF56GH78.js", "tms/ui": "ui-EF56GH78.js"},
}
SCRIPT = b"export default 'shell'; // " + b"x" * 500
FILES = {
    "manifest.json": json.dumps(SHELL).encode(),
    "shell-AB12CD34.js": SCRIPT,
    "shell-AB12CD34.js.br": b"\x1b-brotli",
    "shell-AB12CD34.js.gz": gzip.compress(SCRIPT),
    "shell-AB12CD34.css": b"body{}",
    "chunk-GH90IJ12.js": b"export {}",
    "early-KL34MN56.js": b"begin();",
    "preact-EF56GH78.js": b"export {}",
    "ui-EF56GH78.js": b"export {}",
    "data-transfer.js": b"export {}",
    "icons/sprite.svg": b"<svg/>",
}

MODULE = {"manifest.json": b'{"entry": "index-AB12CD34.js"}', "index-AB12CD34.js": b"export default {}"}


def write(folder: Path, files: dict[str, bytes]) -> None:
    for name, body in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Iterator[Path]:
    """The folder of the shell's built files, of which `tms_web/static` is a part."""
    folder = tmp_path_factory.mktemp("tms_web")
    write(folder / "static", FILES)
    write(folder / "tms_realtime" / "static" / "web", MODULE)
    with pytest.MonkeyPatch.context() as patch:

        def files(package: str):
            own = {"tms_web": folder, "tms_realtime": folder / "tms_realtime"}
            return own.get(package) or importlib.resources.files(package)

        patch.setattr("tms_web.frontends.files", files)
        yield folder


@pytest.fixture(scope="module")
def make_package(tmp_path_factory) -> Iterator[Callable[..., str]]:
    """Makes an importable package: `make_package("acme", includeme, {"web/page.js": b"…"})`."""
    with pytest.MonkeyPatch.context() as patch:

        def make(name: str, includeme: Callable, files: dict[str, bytes]) -> str:
            folder = tmp_path_factory.mktemp("site")
            write(folder / name, {"__init__.py": b"", **files})
            patch.syspath_prepend(folder)
            module = ModuleType(name)
            module.includeme = includeme
            module.__path__ = [str(folder / name)]
            module.__spec__ = importlib.machinery.PathFinder.find_spec(name, [str(folder)])
            patch.setitem(sys.modules, name, module)
            return name

        yield make


@pytest.fixture(scope="module")
def packages(built):
    return ("tms_web", "tms_api")
