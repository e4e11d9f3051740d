"""One line of help for a command, read from the source of its module: loading all commands takes a second."""

import ast
from importlib.machinery import PathFinder
from importlib.metadata import EntryPoint
from pathlib import Path

import click


def summary_of(entry: EntryPoint, limit: int) -> str:
    """The first sentence of a command's docstring, at most `limit` characters; loads the command if need be."""
    source = _source(entry.module)
    if source and (docstring := _docstring(source.read_bytes(), entry.attr)):
        return click.Command(entry.name, help=docstring).get_short_help_str(limit)
    command: click.Command = entry.load()
    return command.get_short_help_str(limit)


def _source(module: str) -> Path | None:
    """The file of a module, found without importing its packages."""
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
    """The docstring of a command that is declared by a decorated function and takes its help from there."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef) and node.name == function:
            return ast.get_docstring(node)
    return None
