"""The state directory: files that a process keeps between runs, such as the generated signing key."""

from pathlib import Path

from tms_core.errors import ConfigurationError
from tms_core.private_files import make_private


def make_state_directory(path: Path) -> None:
    """Create the directory, private to the current user, if missing."""
    try:
        if not path.is_dir():
            make_private(path)
    except OSError as error:
        raise unusable(path, error) from None


def unusable(state_dir: Path, error: OSError) -> ConfigurationError:
    """Return the error for a state directory that cannot be created, read or written."""
    what = f"{error.filename}: {error.strerror}" if error.filename else str(error)
    return ConfigurationError(
        f"the state directory {state_dir} cannot be used ({what}): choose another with --state-dir, "
        "or set tms.state_dir (TMS_STATE_DIR)"
    )
