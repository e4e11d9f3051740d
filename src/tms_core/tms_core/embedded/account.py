"""Who the services run as: oneself, or, for root, an unprivileged user, since PostgreSQL refuses root."""

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
    """`name` is None for oneself; then every method leaves things as they are."""

    name: str | None = None
    uid: int = -1
    gid: int = -1

    @property
    def popen_options(self) -> dict[str, Any]:
        """What makes `subprocess` run a program as this account."""
        if self.name is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Give a directory and all in it to the account, unless it has it already."""
        if self.name is None or path.stat().st_uid == self.uid:
            return
        for directory, _, files in os.walk(path):
            for entry in (directory, *(os.path.join(directory, file) for file in files)):
                os.chown(entry, self.uid, self.gid, follow_symlinks=False)

    def share(self, directory: Path) -> None:
        """Let the account make sockets in a directory that stays ours."""
        if self.name is not None:
            os.chown(directory, -1, self.gid)
            directory.chmod(0o770)

    def use(self, program: Path, installation: Path) -> None:
        """Let the account run a program, and read what was installed with it."""
        if self.name is None:
            return
        for path in (program, program.resolve()):
            self.reach(path)
        # As an installation under root's umask 077 leaves it.
        if program.stat().st_mode & READ_AND_RUN != READ_AND_RUN:
            log.warning("opened %s (chmod -R o+rX), so that user %s can run it", installation, self.name)
            for entry in (installation, *installation.rglob("*")):
                mode = stat.S_IMODE(entry.stat().st_mode)
                entry.chmod(mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0))

    def reach(self, path: Path) -> None:
        """Let the account come to `path`: adds the search bit to parents that lack it, and says so."""
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
    """Oneself; for root the first unprivileged user that exists."""
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
