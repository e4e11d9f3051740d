"""Declaration and reading of settings: one frozen typed class per package, read from the ini file and the environment.

    class ReportSettings(SettingsGroup, prefix="tms.reports"):
        threads: int = setting(4, help="Threads that count at once.", ge=1, le=64)

reads `tms.reports.threads`, and `TMS_REPORTS_THREADS`, which wins.
"""

import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.util import find_spec
from typing import Any, ClassVar, Literal, Self, get_origin

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from tms_core.errors import ConfigurationError
from tms_core.validation_messages import CONSEQUENCES, invalid_value

ROOT = "tms."


def setting(default: Any = ..., *, help: str, key: str | None = None, env: str | None = None, **rules: Any) -> Any:
    """Declare one setting: its default (`...` makes it required), a line of help and pydantic's constraints.

    `key` replaces the name after the prefix, `env` the environment variable derived from it. `default_factory` computes
    a default from the settings declared above, which it receives as a dict.
    """
    if "default_factory" not in rules:
        rules["default"] = default
    return Field(description=help, json_schema_extra={"key": key, "env": env}, **rules)


@dataclass(frozen=True, slots=True)
class Declaration:
    """One declared setting, used for reading it, by `tms doctor` and for docs/settings.md."""

    name: str
    key: str
    env: str
    type: str
    default: Any
    help: str
    secret: bool

    def find(self, ini: Mapping[str, str], environ: Mapping[str, str]) -> tuple[str | None, str]:
        """Return the given value and its source: the environment variable, the ini file, or None and «default».

        An empty value counts as not set, so that a compose file may pass variables through.
        """
        for source, values, name in (("environment", environ, self.env), ("ini", ini, self.key)):
            if value := values.get(name, "").strip():
                return value, source
        return None, "default"


class SettingsGroup(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)
    prefix: ClassVar[str]

    def __init_subclass__(cls, prefix: str = "tms", **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.prefix = prefix

    @classmethod
    def declarations(cls) -> list[Declaration]:
        return [_declaration(cls.prefix, name, field) for name, field in cls.model_fields.items()]

    @classmethod
    def read(cls, ini: Mapping[str, str], environ: Mapping[str, str] = os.environ) -> Self:
        """Return the group's values; raises `ConfigurationError` naming every invalid key and its valid values."""
        found = {declared.name: declared.find(ini, environ)[0] for declared in cls.declarations()}
        given = {name: value for name, value in found.items() if value is not None}
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            raise ConfigurationError(*_all_sentences(cls, given, error)) from None

    @classmethod
    def placeholder(cls) -> Self:
        """Return the defaults without validation, so that start-up can continue after an error and find others."""
        return cls.model_construct()


def reject_unknown(ini: Mapping[str, str], groups: Iterable[type[SettingsGroup]], packages: Iterable[str] = ()) -> None:
    """Raise `ConfigurationError` naming every undeclared key under `tms.` or under the prefix of an included package.

    Keys of packages that are installed but not included are ignored, so that a package can be removed by deleting one
    line.
    """
    included = frozenset(packages)
    groups = tuple(groups)
    known = {declared.key for group in groups for declared in group.declarations()}
    prefixes = (ROOT, *(f"{group.prefix}." for group in groups))
    unknown = sorted(
        key for key in ini if key.startswith(prefixes) and key not in known and not _is_left_out(key, included)
    )
    if unknown:
        raise ConfigurationError(*(_unknown_key(key, known) for key in unknown))


def _unknown_key(key: str, known: Collection[str]) -> str:
    nearest = get_close_matches(key, known, 1)
    advice = f"did you mean {nearest[0]}?" if nearest else "include the package that declares it, or take it out"
    return f"unknown setting {key}: {advice} (tms doctor --settings lists all)"


def _is_left_out(key: str, included: frozenset[str]) -> bool:
    root, _, rest = key.partition(".")
    word, dot, _ = rest.partition(".")
    package = f"{root}_{word}"
    return bool(dot) and package not in included and find_spec(package) is not None


def _declaration(prefix: str, name: str, field: Any) -> Declaration:
    extra = field.json_schema_extra or {}
    key = f"{prefix}.{extra.get('key') or name}"
    annotation = field.annotation
    secret = SecretStr in (annotation, *getattr(annotation, "__args__", ()))
    return Declaration(
        name=name,
        key=key,
        env=extra.get("env") or key.upper().replace(".", "_"),
        type=_type_name(annotation),
        default=None if field.is_required() or field.default_factory else field.default,
        help=field.description or "",
        secret=secret,
    )


def _type_name(annotation: Any) -> str:
    if isinstance(annotation, type):
        return annotation.__name__
    return str(annotation).replace("typing.", "").replace("pydantic.types.", "").replace("NoneType", "None")


def _all_sentences(group: type[SettingsGroup], given: Mapping[str, str], error: ValidationError) -> list[str]:
    """Return the errors of single settings, and those of the settings together, which pydantic checks only if there is
    no error of a single one."""
    sentences = _sentences(group, error).split("; ")
    bad = {
        str(details["loc"][0]) for details in error.errors() if details["loc"] and details["type"] not in CONSEQUENCES
    }
    if any(get_origin(group.model_fields[name].annotation) is Literal for name in bad):
        # The checks of the settings together depend on this choice.
        return sentences
    bad_keys = tuple(f"{declared.key} " for declared in group.declarations() if declared.name in bad)
    try:
        group.model_validate({name: value for name, value in given.items() if name not in bad})
    except ValidationError as rest:
        if bad and not any(details["loc"] for details in rest.errors()):
            others = _sentences(group, rest).split("; ")
            sentences += [sentence for sentence in others if not sentence.startswith(bad_keys)]
    return sentences


def _sentences(group: type[SettingsGroup], error: ValidationError) -> str:
    declared = {declaration.name: declaration for declaration in group.declarations()}
    # One sentence per setting: pydantic reports an error for each member of a union.
    lines: dict[str, str] = {}
    for details in error.errors(include_url=False, include_input=False):
        if details["type"] in CONSEQUENCES:
            continue
        one = declared.get(str(details["loc"][0])) if details["loc"] else None
        message = str(invalid_value(details))
        lines.setdefault(one.key if one else "", f"{one.key} (or {one.env}): {message}" if one else message)
    return "; ".join(lines.values())
