"""The `tms` program of this installation."""

import os
import shutil
import sys
from pathlib import Path


def tms_program() -> Path:
    """Return the path of the program."""
    return Path(sys.executable).with_name("tms")


def tms_command() -> str:
    """Return the command line that runs the program from the working directory."""
    own = str(tms_program())
    return "tms" if shutil.which("tms") == own else min(os.path.relpath(own), own, key=len)
