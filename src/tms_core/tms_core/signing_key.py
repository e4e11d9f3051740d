"""The signing key of a development system, generated once and stored in the state directory."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from tms_core.errors import ConfigurationError
from tms_core.private_files import close_to_others, write_private
from tms_core.state_dir import make_state_directory, unusable

SHORTEST = 32


def own_key(state_dir: Path) -> str:
    """Return the key of a state directory, generated on first use and readable by the owner only."""
    path = state_dir / "jwt.key"
    try:
        if not path.exists():
            make_state_directory(state_dir)
            _make(path)
        close_to_others(path, 0o600)
        key = path.read_text(errors="replace").strip()
    except OSError as error:
        raise unusable(state_dir, error) from None
    if len(key) < SHORTEST:
        raise ConfigurationError(f"{path} is damaged: remove it (everybody signs in again), and start anew")
    return key


def _make(path: Path) -> None:
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    write_private(draft, secrets.token_urlsafe(48).encode())
    try:
        # link() fails if another process was first; its key is used then.
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
