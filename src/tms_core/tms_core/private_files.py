"""Directories and files that are private to the current user from their creation, whatever the umask."""

import logging
import os
import stat
from pathlib import Path

log = logging.getLogger(__name__)


def make_private(directory: Path, mode: int = 0o700) -> None:
    """Create a directory and its missing parents; restrict the mode of an existing directory."""
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        directory.mkdir(mode=mode)
        # Add the permissions that the umask removed.
        directory.chmod(mode)
    except FileExistsError:
        if not directory.is_dir():
            raise NotADirectoryError(20, "Not a directory", str(directory)) from None
        close_to_others(directory, mode)


def write_private(path: Path, data: bytes) -> None:
    """Write a private file; raises FileExistsError if the file exists."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def close_to_others(path: Path, mode: int = 0o700) -> None:
    """Remove the permissions of group and others beyond `mode` from a path of the current user, and log that."""
    status = path.stat()
    too_open = stat.S_IMODE(status.st_mode) & 0o077 & ~mode
    # Shared directories such as /tmp are unchanged.
    if too_open and status.st_uid == os.geteuid() and not status.st_mode & stat.S_ISVTX:
        path.chmod(stat.S_IMODE(status.st_mode) & ~too_open)
        log.warning("%s was open to other users (%o): closed it", path, stat.S_IMODE(status.st_mode))
