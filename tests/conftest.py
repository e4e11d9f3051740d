"""Fixtures for tests of the whole composition."""

import importlib.util
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

TESTS = Path(__file__).resolve().parent
DOCS = TESTS.parent / "docs"
FOREIGN = TESTS / "foreign_package"


@pytest.fixture(scope="session")
def docs_script() -> Callable[[str], ModuleType]:
    """Imports a script of docs/ by its name."""

    def load(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


@pytest.fixture(scope="module")
def importable_tests() -> Iterator[None]:
    """Lets processes import the modules of this folder, such as `waiting_package`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(TESTS))
        yield


@pytest.fixture(scope="session")
def foreign_site(tmp_path_factory):
    """A directory on sys.path with the unpacked wheel. Its models can be imported only once in a process."""
    folder = tmp_path_factory.mktemp("site")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder / "dist")]
    subprocess.run(build, cwd=FOREIGN, check=True, capture_output=True)
    (wheel,) = (folder / "dist").glob("*.whl")
    zipfile.ZipFile(wheel).extractall(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield folder
