"""Directories and files for this user alone from the moment that they exist, whatever the umask."""

import logging
import os
import stat
from pathlib import Path

log = logging.getLogger(__name__)


def make_private(directory: Path, mode: int = 0o700) -> None:
    """Make a directory, its missing parents too; close one that is there and open to others."""
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        directory.mkdir(mode=mode)
        # What others are to have, and the umask took.
        directory.chmod(mode)
    except FileExistsError:
        if not directory.is_dir():
            raise NotADirectoryError(20, "Not a directory", str(directory)) from None
        close_to_others(directory, mode)


def write_private(path: Path, data: bytes) -> None:
    """Write a file that must not exist yet."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def close_to_others(path: Path, mode: int = 0o700) -> None:
    """Take the rights of group and others that `mode` does not have from what is ours, and say so."""
    status = path.stat()
    too_open = stat.S_IMODE(status.st_mode) & 0o077 & ~mode
    # A directory for everybody, as /tmp, is left as it is.
    if too_open and status.st_uid == os.geteuid() and not status.st_mode & stat.S_ISVTX:
        path.chmod(stat.S_IMODE(status.st_mode) & ~too_open)
        log.warning("%s was open to other users (%o): closed it", path, stat.S_IMODE(status.st_mode))
