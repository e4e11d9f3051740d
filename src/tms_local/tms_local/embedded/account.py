"""The user that the servers run as: the current user, or for root, which PostgreSQL refuses, an unprivileged user."""

import logging
import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tms_core.errors import ConfigurationError

log = logging.getLogger(__name__)

READ_AND_RUN = stat.S_IROTH | stat.S_IXOTH
CANDIDATES = ("postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """A system user; `name` is None for the current user, for whom the methods change nothing."""

    name: str | None = None
    uid: int = -1
    gid: int = -1

    @property
    def popen_options(self) -> dict[str, Any]:
        """Return the arguments of `subprocess.Popen` that run a program as this account."""
        if self.name is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Make the account the owner of a directory and its contents."""
        if self.name is None or path.stat().st_uid == self.uid:
            return
        for directory, _, files in os.walk(path):
            for entry in (directory, *(os.path.join(directory, file) for file in files)):
                os.chown(entry, self.uid, self.gid, follow_symlinks=False)

    def share(self, directory: Path) -> None:
        """Allow the account to create sockets in a directory of the current user."""
        if self.name is not None:
            os.chown(directory, -1, self.gid)
            directory.chmod(0o770)

    def use(self, program: Path, installation: Path) -> None:
        """Allow the account to run a program and to read its installation."""
        if self.name is None:
            return
        for path in (program, program.resolve()):
            self.reach(path)
        # An installation under root's umask 077 is not readable.
        if program.stat().st_mode & READ_AND_RUN != READ_AND_RUN:
            log.warning("opened %s (chmod -R o+rX), so that user %s can run it", installation, self.name)
            for entry in (installation, *installation.rglob("*")):
                mode = stat.S_IMODE(entry.stat().st_mode)
                entry.chmod(mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0))

    def reach(self, path: Path) -> None:
        """Make `path` reachable for the account: adds the search bit to parents without it, and logs that."""
        if self.name is None:
            return
        for parent in reversed(path.parents):
            status = parent.stat()
            if not self._may_search(status):
                parent.chmod(stat.S_IMODE(status.st_mode) | stat.S_IXOTH)
                log.warning("made %s searchable (chmod o+x), so that user %s reaches %s", parent, self.name, path)

    def _may_search(self, status: os.stat_result) -> bool:
        if status.st_uid == self.uid:
            return bool(status.st_mode & stat.S_IXUSR)
        if status.st_gid == self.gid:
            return bool(status.st_mode & stat.S_IXGRP)
        return bool(status.st_mode & stat.S_IXOTH)


def service_account() -> Account:
    """Return the current user; for root, the first unprivileged user that exists."""
    if os.geteuid() != 0:
        return Account()
    for name in CANDIDATES:
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, user.pw_uid, user.pw_gid)
    raise ConfigurationError(
        f"PostgreSQL does not run as root, and there is no user {' or '.join(CANDIDATES)} to run it as: "
        "start tms up as an ordinary user, or set tms.database_url"
    )
