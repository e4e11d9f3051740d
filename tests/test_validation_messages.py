"""Every constraint of schemas and settings has a message of its own instead of pydantic's."""

import importlib
import json
import pkgutil
import re

import pytest
from pydantic import ValidationError

from tms_core.error_codes import INVALID_VALUE
from tms_core.errors import ConfigurationError, FieldError, InvalidError
from tms_core.settings import CoreSettings
from tms_core.settings_base import SettingsGroup
from tms_core.validation_messages import FALLBACK as FALLBACK_ERROR
from tms_core.web.validation import Schema, schema_faults

FALLBACK, _ = FALLBACK_ERROR
PACKAGES = ("tms_core", "tms_api", "tms_reports", "tms_realtime", "tms_notifications", "tms_webhooks")
PYDANTIC = re.compile(r"\bshould\b|\bInput\b|Value error|\btag\b|validation|\bvalid \w+,|unable to|instance of", re.I)
# Values that violate the types and bounds.
JSON_VALUES = [
    None, True, False, 0, -1, 1.5, 10**30, 10**400, "", " ", "x", "x\x00", "x" * 20_000, "2027-13-45", "\u200b",
    [], [None], [{}], [{"op": "x"}], [{"op": "create"}], [{"op": "update", "id": 0}], ["x" * 60] * 600, {}, {"id": "x"},
]  # fmt: skip
TEXTS = ["x", "", "-1", "0", "1.5", "1e999", "nan", "99999999999", "a/b:c", "{", "10/fortnight", "\x00", "é" * 10_000]


def _import_everything():
    for package in PACKAGES:
        root = importlib.import_module(package)
        for module in pkgutil.walk_packages(root.__path__, f"{package}."):
            if not re.search(r"\.(migrations|testing|commands|embedded|demo)\b", module.name):
                importlib.import_module(module.name)


def _subclasses(kind):
    for one in kind.__subclasses__():
        yield from (one, *_subclasses(one))


_import_everything()
SCHEMAS = sorted({one for one in _subclasses(Schema) if one.__module__.startswith(PACKAGES)}, key=str)
GROUPS = sorted({one for one in _subclasses(SettingsGroup) if one.__module__.startswith(PACKAGES)}, key=str)


def in_our_words(message: str) -> bool:
    return bool(message) and not PYDANTIC.search(message) and message != FALLBACK


def _faults(schema, body: bytes):
    try:
        schema.model_validate_json(body)
    except ValidationError as error:
        return schema_faults(schema, error)
    return []


def test_all_schemas_and_settings_are_found():
    assert {one.__name__ for one in SCHEMAS} >= {"NewTask", "Bulk", "NewUser", "NewApiToken", "PreferencesChange"}
    assert {one.__name__ for one in GROUPS} >= {"CoreSettings", "ApiSettings", "ReportSettings", "RealtimeSettings"}


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda one: one.__name__)
def test_invalid_bodies_get_messages_of_tms(schema):
    bodies = [b"", b"{", b"[]", b"null", b"1", b'{"a": NaN}', b"[" * 10_000, b'"\xff"', b'{"x": "\\ud800"}']
    bodies += [
        json.dumps({name: value}).encode() for name in (*schema.model_fields, "unknown") for value in JSON_VALUES
    ]

    found = [fault for body in bodies for fault in _faults(schema, body)]

    assert found
    assert [fault for fault in found if not in_our_words(fault.message)] == []
    assert [fault for fault in found if fault.code is INVALID_VALUE or {*fault.params} != {*fault.code.params}] == []


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda one: one.__name__)
def test_each_constraint_of_a_schema_names_its_bound(schema):
    """Check that the messages for all values together mention every bound of the schema."""
    for name, declared in schema.model_json_schema().get("properties", {}).items():
        found = " ".join(
            fault.message
            for value in JSON_VALUES
            for fault in _faults(schema, json.dumps({name: value}).encode())
            if fault.field.split(".")[0] == name
        )
        # Of an address the description tells a form, and bounds only roughly.
        if "format" in declared:
            continue
        for keyword in ("minLength", "maxLength", "minItems", "maxItems", "minimum"):
            if keyword in declared and not (keyword == "minimum" and "anyOf" in declared):
                assert str(declared[keyword]) in found.replace(",", ""), (name, keyword, found)


def _unbounded(schema: dict, path: str = ""):
    """Where a JSON schema takes a text or a list of any length."""
    if schema.get("type") == "string" and not schema.keys() & {"maxLength", "enum", "const", "format"}:
        yield path
    if schema.get("type") == "array" and "maxItems" not in schema:
        yield path
    for key in ("properties", "$defs"):
        for name, one in schema.get(key, {}).items():
            yield from _unbounded(one, f"{path}.{name}")
    items = [schema["items"]] if "items" in schema else []
    for one in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *items):
        yield from _unbounded(one, path)


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda one: one.__name__)
def test_each_text_and_list_of_a_body_is_bounded(schema):
    assert list(_unbounded(schema.model_json_schema())) == []


@pytest.mark.parametrize("group", GROUPS, ids=lambda one: one.__name__)
def test_each_invalid_setting_gets_one_message_of_tms(group):
    for declared in group.declarations():
        for text in TEXTS:
            try:
                group.read({declared.key: text})
            except ConfigurationError as error:
                message = str(error)
            except ValueError as error:  # pragma: no cover - a reader that lets an exception of Python's through
                pytest.fail(f"{declared.key} = {text!r}: {error!r}")
            else:
                continue
            assert in_our_words(message), (declared.key, text, message)
            assert FALLBACK not in message
            assert message.count(f"{declared.key} (or ") <= 1


def test_a_bad_port_is_one_line_though_other_defaults_follow_from_it():
    with pytest.raises(ConfigurationError) as caught:
        CoreSettings.read({"tms.environment": "development", "tms.api_port": "http"}, {})

    assert str(caught.value) == "tms.api_port (or TMS_API_PORT): must be a whole number"


def test_every_bad_setting_is_named():
    ini = {"tms.environment": "test", "tms.api_port": "0", "tms.trusted_proxies": "10.0.0.0/99"}

    with pytest.raises(ConfigurationError) as caught:
        CoreSettings.read(ini, {})

    lines = str(caught.value).split("; ")
    assert lines[0] == "tms.environment (or TMS_ENVIRONMENT): must be one of development, production"
    assert lines[1] == "tms.api_port (or TMS_API_PORT): must be at least 1"
    assert lines[2].startswith("tms.trusted_proxies (or TMS_TRUSTED_PROXIES): must be addresses or networks")
    assert len(lines) == 3


def test_an_invalid_error_does_not_grow_with_its_input():
    error = InvalidError(
        [FieldError("query", "x" * 5_000, "y" * 5_000, INVALID_VALUE, {"reason": "z" * 5_000})] * 1_000
    )

    assert len(error.errors) == 50
    assert str(error).endswith("; and 950 more")
    assert len(str(error)) < 50 * 700
    assert len(error.errors[0].params["reason"]) <= 500
