"""Every error of the API has a code that is registered, documented and used with its parameters."""

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

from tms_core.error_codes import CODES, ErrorCode

KEY = re.compile(r"error\.(\w+?)(?:\.(?:one|other))?")
PLACEHOLDER = re.compile(r"\{(\w+)\}")
ROOT = Path(__file__).resolve().parent.parent
FRONTEND = ROOT / "src" / "tms_web" / "frontend" / "src" / "api"
PACKAGES = ("tms_core", "tms_api", "tms_reports", "tms_realtime", "tms_notifications", "tms_webhooks", "tms_web")
# Modules whose ValueErrors reach no response (settings, servers, commands, mails, files), or only inside one with a
# code (e-mail addresses).
UNREACHED = re.compile(
    r"/(settings|settings_base|rates|headers|email_addresses|smtp_transaction|hostnames|assets|frontends)\.py$"
    r"|tms_core/(server|commands|doctor|migrations)/|tms_core/user_messages\.py$"
    r"|tms_realtime/(event_log|wire)/|clients/connection\.py$"
)
# These take the parameters as a mapping.
WITH_MAPPING = ("FieldError", "HandshakeRejectedError")
OWN_ARGUMENTS = {"where", "headers", "params", "count", "code", "retry_after"}
CONSTANTS = {
    name: value
    for package in PACKAGES
    if (ROOT / "src" / package / package / "error_codes.py").exists()
    for name, value in vars(import_module(f"{package}.error_codes")).items()
    if isinstance(value, ErrorCode)
}


@pytest.fixture(scope="module")
def known(docs_script) -> dict[str, ErrorCode]:
    return {code.name: code for code in docs_script("make_error_codes").registered()}


@cache
def sources() -> list[tuple[str, ast.Module]]:
    paths = [path for package in PACKAGES for path in sorted((ROOT / "src" / package / package).rglob("*.py"))]
    return [(str(path.relative_to(ROOT)), ast.parse(path.read_text())) for path in paths]


def calls() -> Iterator[tuple[str, str, ast.Call]]:
    """Yield each call as its place, the name of what is called, and the node."""
    for path, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                yield f"{path}:{node.lineno}", ast.unparse(node.func), node


def code_of(call: ast.Call) -> str | None:
    """Return the name of the constant of a code among the arguments, such as TOO_LONG."""
    values = [*call.args, *(one.value for one in call.keywords if one.arg == "code")]
    names = (ast.unparse(value).rpartition(".")[2] for value in values)
    return next((name for name in names if name in CONSTANTS), None)


def test_the_table_in_the_docs_is_up_to_date(docs_script):
    script = docs_script("make_error_codes")

    assert script.PAGE.read_text() == script.page(), "run: make docs"


def test_each_code_of_the_packages_is_registered_and_named_like_its_constant(known):
    assert {code.name for code in CONSTANTS.values()} == set(known)
    assert [name for name, code in CONSTANTS.items() if name.lower() != code.name] == []


def test_each_default_code_has_the_status_for_which_it_stands():
    assert {status: code.status for status, code in CODES.items()} == {status: status for status in CODES}


def test_no_validator_raises_an_error_without_a_code():
    """The other errors need a code as an argument, which the type checker sees to."""
    uncoded = [
        place
        for place, called, _ in calls()
        if called == "ValueError" and not UNREACHED.search(place.partition(":")[0])
    ]

    assert uncoded == []


def test_errors_are_raised_with_the_parameters_of_their_codes():
    """Calls that pass the parameters as keywords; the others are checked by the responses of all tests."""
    wrong = []
    for place, called, node in calls():
        name = code_of(node)
        if name is None or not called.removesuffix(".of").endswith("Error") or called in WITH_MAPPING:
            continue
        given = {one.arg for one in node.keywords} - OWN_ARGUMENTS
        # The base class adds the seconds.
        if called == "TooManyRequestsError":
            given |= {"seconds"}
        if given != set(CONSTANTS[name].params):
            wrong.append(f"{place}: {called} with {name} passes {sorted(map(str, given))}")

    assert wrong == []


def test_every_code_is_used():
    used = {name for _, tree in sources() for node in ast.walk(tree) for name in names_in(node)}

    assert sorted(CONSTANTS.keys() - used) == []


@pytest.mark.parametrize("locale", ["en", "de"])
def test_the_web_ui_has_a_message_for_every_code(known, locale):
    messages = json.loads((FRONTEND / f"{locale}.json").read_text())
    for catalogue in sorted((ROOT / "src").glob(f"*/frontend/{locale}.json")):
        own = json.loads(catalogue.read_text())
        messages |= {key: text for key, text in own.items() if key.startswith("error.")}
    texts = {name: [text for key, text in messages.items() if KEY.fullmatch(key)[1] == name] for name in known}
    unknown = {KEY.fullmatch(key)[1] for key in messages} - known.keys()

    assert [name for name, found in texts.items() if not found] == []
    assert unknown == set()
    for name, found in texts.items():
        # `count` is the bound that selects the plural form.
        bounds = {"count"} if {"maximum", "minimum", "seconds", "minutes"} & {*known[name].params} else set()
        assert {place for text in found for place in PLACEHOLDER.findall(text)} <= {*known[name].params} | bounds, name


def names_in(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Attribute):
        yield node.attr
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        yield node.id
