"""Short help of commands, read from the source of their modules, since importing all commands takes a second."""

import ast
from importlib.machinery import PathFinder
from importlib.metadata import EntryPoint
from pathlib import Path

import click


def summary_of(entry: EntryPoint, limit: int) -> str:
    """Return the first sentence of a command's docstring, at most `limit` characters; imports the command only if its
    source is not found."""
    source = _source(entry.module)
    if source and (docstring := _docstring(source.read_bytes(), entry.attr)):
        return click.Command(entry.name, help=docstring).get_short_help_str(limit)
    command: click.Command = entry.load()
    return command.get_short_help_str(limit)


def _source(module: str) -> Path | None:
    """Return the file of a module without importing its packages; None if not found."""
    search: list[str] | None = None
    spec = None
    parts = module.split(".")
    for end in range(1, len(parts) + 1):
        spec = PathFinder.find_spec(".".join(parts[:end]), search)
        if spec is None:
            return None
        search = list(spec.submodule_search_locations or ())
    return Path(spec.origin) if spec and spec.origin and spec.origin.endswith(".py") else None


def _docstring(source: bytes, function: str) -> str | None:
    """Return the docstring of a command that is declared as a decorated function; None if there is none."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef) and node.name == function:
            return ast.get_docstring(node)
    return None
