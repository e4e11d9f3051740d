"""The signing key of a development system: random, made once, kept in its state directory."""

import os
import secrets
from pathlib import Path


def own_key(state_dir: Path) -> str:
    """The state directory's key, made at first use; readable by its owner only."""
    path = state_dir / "jwt.key"
    if not path.exists():
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = state_dir / f"jwt.key.{os.getpid()}"
        draft.write_text(secrets.token_urlsafe(48))
        draft.chmod(0o600)
        try:
            # link() fails where another process was first: then that one's key holds.
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text()
