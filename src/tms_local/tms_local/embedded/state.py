"""The state directory of `tms up`: its layout, its lock, and the URLs derived from its path."""

import fcntl
import hashlib
import logging
import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from tms_core.errors import TmsError
from tms_core.private_files import make_private
from tms_core.state_dir import unusable

log = logging.getLogger(__name__)

# Size of sun_path in sockaddr_un, without the final NUL.
MAX_SOCKET_PATH = 103 if sys.platform == "darwin" else 107
POSTGRES_PORT = 5432
POSTGRES_SOCKET = f".s.PGSQL.{POSTGRES_PORT}"
VALKEY_SOCKET = "valkey.sock"


class StateInUseError(TmsError):
    """Another `tms up` holds this state directory."""


class StateDirectory:
    """The URLs depend only on the path, so that commands in another terminal find the running servers."""

    def __init__(self, path: str | os.PathLike[str]):
        # Symbolic links are resolved, so that every name of a directory has the same lock and sockets.
        self.path = Path(os.path.realpath(path))
        self.postgres = self.path / "postgres"
        self.valkey = self.path / "valkey"
        self.lock_file = self.path / "lock"
        self.sockets = _socket_directory(self.path)

    @property
    def database_url(self) -> str:
        # The port is part of the socket's name; without it, libpq would use PGPORT.
        return f"postgresql://tms@/tms?host={quote(str(self.sockets))}&port={POSTGRES_PORT}"

    @property
    def redis_url(self) -> str:
        return f"unix://{quote(str(self.sockets))}/{VALKEY_SOCKET}?db=0"

    def prepare(self) -> None:
        """Create missing directories, private to the current user; restrict the mode of existing ones."""
        # The servers of root run as another user, who needs to search the directory.
        mode = 0o700 if os.geteuid() else 0o711
        try:
            if self.path.is_dir() and not self.lock_file.exists():
                self._warn_if_open(mode)
            else:
                make_private(self.path, mode)
            make_private(self.valkey)
            # For root, the directory is shared with the servers' group.
            make_private(self.sockets, 0o700 if os.geteuid() else 0o770)
        except OSError as error:
            raise unusable(self.path, error) from None
        # In a shared directory, another user may have created this one.
        if self.sockets.is_symlink() or self.sockets.stat().st_uid != os.geteuid():
            raise TmsError(f"{self.sockets} belongs to another user; remove it, or choose another --state-dir")

    def _warn_if_open(self, mode: int) -> None:
        """Warn about an open directory that `tms up` did not create, and whose mode is therefore not changed."""
        found = stat.S_IMODE(self.path.stat().st_mode)
        if found & 0o077 & ~mode:
            log.warning("the state directory %s is open to other users (%o): chmod %o it", self.path, found, mode)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Lock the directory. The lock is released when the process ends, so it is never stale."""
        try:
            descriptor = os.open(self.lock_file, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise unusable(self.path, error) from None
        with open(descriptor, "r+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StateInUseError(
                    f"{self.path} is in use by another tms up (process {file.read().strip() or 'unknown'}): "
                    "stop that one, or choose another --state-dir"
                ) from None
            file.truncate()
            file.write(f"{os.getpid()}\n")
            file.flush()
            yield


def _socket_directory(state: Path) -> Path:
    beside = state / "run"
    if _holds_sockets(beside):
        return beside
    digest = hashlib.sha256(os.fsencode(state)).hexdigest()[:12]
    # Not $TMPDIR, which may differ between terminals.
    shared = "/tmp" if os.path.isdir("/tmp") else tempfile.gettempdir()  # noqa: S108
    return Path(shared) / f"tms-{os.geteuid()}-{digest}"


def _holds_sockets(directory: Path) -> bool:
    """Return whether a socket's path is short enough and has no comma, at which libpq would split it."""
    longest = os.fsencode(directory / POSTGRES_SOCKET)
    return len(longest) <= MAX_SOCKET_PATH and not set(longest) & set(b',"@\n')
