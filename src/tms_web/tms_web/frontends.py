"""The built folders that packages have registered: what their manifests name, and their files in memory."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from tms_core.errors import ConfigurationError

MANIFEST = "manifest.json"
# Suffixes of precompressed copies, by content coding.
CODINGS = {"br": ".br", "gzip": ".gz"}


@dataclass(frozen=True, slots=True)
class Frontend:
    """The part of the web UI that one package has built.

    `entry`, `preloads` (the entry and all that it imports), `inline` (a script for the page itself, or empty) and
    `styles` are names of files; `imports` maps specifiers of the import map to names of files. `files` holds the bytes
    of all files by their path in the folder, precompressed copies among them.
    """

    package: str
    entry: str
    preloads: tuple[str, ...]
    inline: str
    styles: tuple[str, ...]
    imports: Mapping[str, str]
    files: Mapping[str, bytes]

    @property
    def names(self) -> list[str]:
        """The paths of the files without those of precompressed copies."""
        suffixes = tuple(CODINGS.values())
        return [name for name in self.files if not (name.endswith(suffixes) and name.rpartition(".")[0] in self.files)]


def read_frontend(location: str) -> Frontend:
    """Read the folder «package:folder». Raises `ConfigurationError` if it is missing, not built or inconsistent."""
    package, _, path = location.partition(":")
    found = dict(_walk(_folder(package, path)))
    if MANIFEST not in found:
        raise ConfigurationError(
            f"{package} has no built web pages ({location}/{MANIFEST} is missing): run make install in a checkout, or "
            f"install the wheel of {package}"
        )
    manifest = _parsed(found.pop(MANIFEST), location)
    frontend = Frontend(
        package,
        manifest["entry"],
        tuple(manifest.get("preloads", ())),
        manifest.get("inline", ""),
        tuple(manifest.get("styles", ())),
        manifest.get("imports", {}),
        found,
    )
    named = (frontend.entry, frontend.inline, *frontend.preloads, *frontend.styles, *frontend.imports.values())
    for name in filter(None, named):
        if name not in found:
            raise ConfigurationError(f"{location}/{MANIFEST} names {name}, which is not in that folder: build it again")
    return frontend


def _folder(package: str, path: str) -> Traversable:
    try:
        return files(package).joinpath(path)
    except ModuleNotFoundError:
        raise ConfigurationError(f"add_web_module names {package}:{path}, but there is no package {package}") from None


def _walk(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, bytes]]:
    if not folder.is_dir():
        return
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{entry.name}/")
        elif not entry.name.startswith("."):
            yield prefix + entry.name, entry.read_bytes()


def _parsed(text: bytes, location: str) -> dict[str, Any]:
    try:
        manifest = json.loads(text)
    except ValueError:
        manifest = None
    if not (isinstance(manifest, dict) and isinstance(manifest.get("entry"), str)):
        raise ConfigurationError(
            f'{location}/{MANIFEST} must be a JSON object with an entry, as {{"entry": "page.js"}}'
        )
    return manifest
