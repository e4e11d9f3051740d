"""The `tms` command: the core's subcommands and those of the packages that the ini includes."""

from tms_core.commands.group import main

__all__ = ["main"]
