"""/api/openapi.json documents exactly the routes of the included packages."""

import json
import re

import jsonschema_rs
import pytest
from contract import Contract
from openapi_spec_validator import OpenAPIV31SpecValidator

from tms_core.web.openapi.decorators import ATTRIBUTE
from tms_core.web.openapi.paths import path_of
from tms_core.web.resource import methods_of

API = ("/api", "/metrics", "/tms-client.js")
ALL = ("tms_api", "tms_reports", "tms_realtime", "tms_notifications", "tms_webhooks")
PROBLEM = "application/problem+json"


@pytest.fixture(scope="module", params=[("tms_api",), ALL], ids=["api alone", "all"])
def packages(request):
    return request.param


@pytest.fixture
def contract(app):
    return Contract(app.get("/api/openapi.json").json)


def served(app):
    """Return (method, path) of every view of an API route."""
    introspector = app.app.registry.introspector
    routes = {one["introspectable"]["name"]: one["introspectable"] for one in introspector.get_category("routes")}
    for entry in introspector.get_category("views"):
        view = entry["introspectable"]
        route = routes.get(view["route_name"])
        # Cornice's last view of a route returns 405; views of exceptions answer what another view has raised.
        if view["exception_only"]:
            continue
        if route is None or view["callable"].__name__ == "_fallback_view" or not route["pattern"].startswith(API):
            continue
        methods = view["request_methods"]
        assert methods, f"{route['pattern']} answers to any method"
        yield from ((method, path_of(route["pattern"])) for method in _several(methods))


def _several(methods):
    return (methods,) if isinstance(methods, str) else methods


def test_the_document_has_exactly_the_served_routes_and_methods(app, contract):
    documented = {(verb, path) for verb, path, _ in contract.operations()}

    # HEAD comes with each GET (RFC 9110, section 9.3.2).
    assert {(verb, path) for verb, path in served(app) if verb != "HEAD"} == documented
    assert len(documented) > 30


def test_every_method_is_documented(app):
    silent = [
        f"{one.verb} {one.pattern}" for one in methods_of(app.app.registry) if not hasattr(one.function, ATTRIBUTE)
    ]

    assert silent == []


def test_every_operation_is_documented_completely(contract):
    for verb, path, operation in contract.operations():
        name = f"{verb} {path}"
        assert operation["summary"], name
        assert operation["security"] is not None, name
        statuses = set(operation["responses"])
        assert any(status < "300" for status in statuses), name
        assert "500" in statuses, name
        # Without a token it is 401, exactly where one is needed; with a revoked one also where it is optional.
        if path != "/metrics" and operation["operationId"] not in ("sign_in", "refresh_token", "create_user"):
            assert ("401" in statuses) == ({"bearer": []} in operation["security"] and {} not in operation["security"])
        assert ("404" in statuses) >= ("{" in path), name
        if "requestBody" in operation:
            assert {"400", "413", "415"} <= statuses, name


def test_every_response_has_a_schema_and_every_error_is_a_problem_with_an_example(contract):
    for verb, path, operation in contract.operations():
        for status, response in operation["responses"].items():
            documented = contract.resolved(response)
            assert documented["description"], (verb, path, status)
            if status == "304":
                assert "content" not in documented
                continue
            assert documented["content"], (verb, path, status)
            for kind, media in documented["content"].items():
                assert media["schema"], (verb, path, status)
                if status >= "400" and operation["operationId"] != "get_readiness":
                    assert kind == PROBLEM
                    named = contract.document["components"]["schemas"][media["schema"]["$ref"].rpartition("/")[2]]
                    assert "example" in media or named["examples"]


def test_every_operation_has_a_tag_of_its_package(contract, packages):
    documented = {name for group in contract.document["x-tagGroups"] for name in group["tags"]}

    assert {group["name"] for group in contract.document["x-tagGroups"]} <= {"tms_core", *packages}
    assert {tag for _, _, operation in contract.operations() for tag in operation["tags"]} == documented
    assert {tag["name"] for tag in contract.document["tags"] if tag["description"]} == documented


def test_operation_ids_are_unique_and_links_refer_to_them(contract):
    names = [operation["operationId"] for _, _, operation in contract.operations()]
    linked = {
        link["operationId"]
        for _, _, operation in contract.operations()
        for response in operation["responses"].values()
        for link in contract.resolved(response).get("links", {}).values()
    }

    summaries = [operation["summary"] for _, _, operation in contract.operations()]

    assert len(names) == len(set(names)) == len(set(summaries))
    assert {"get_task", "undo_task_event", "get_user", "refresh_token", "get_changes"} <= linked <= set(names)


def test_the_document_is_valid_openapi(contract):
    assert list(OpenAPIV31SpecValidator(contract.document).iter_errors()) == []


def test_every_example_is_valid(contract):
    examples = list(_examples(contract.document))

    for value, schema in examples:
        contract.require(value, schema)
    assert len(examples) > 50


def _examples(node):
    match node:
        case {"schema": schema, "example": example}:
            yield example, schema
        case {"examples": [*examples]}:
            yield from ((example, node) for example in examples)
    if isinstance(node, dict | list):
        for inner in node.values() if isinstance(node, dict) else node:
            yield from _examples(inner)


def test_every_pattern_is_a_portable_regular_expression(contract):
    patterns = set(re.findall(r'"pattern": ("(?:[^"\\]|\\.)*")', json.dumps(contract.document)))

    assert patterns
    for pattern in map(json.loads, patterns):
        assert jsonschema_rs.Draft202012Validator({"pattern": pattern}) is not None


def test_the_documented_query_parameters_are_those_that_are_read(app, make_user, contract):
    user = make_user(is_admin=True)

    for verb, path, operation in contract.operations():
        if verb != "GET":
            continue
        address = path.replace("{id}", "1")
        answer = app.get(f"{address}?no-such-parameter=1", headers=user.headers, expect_errors=True)
        documented = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"}
        if answer.status_int == 400:
            known = answer.json["errors"][0]["message"].partition("known are: ")[2]
            assert set(known.replace("none", "").replace(",", " ").split()) == documented, path
        else:
            assert documented == set(), path


def test_excluded_packages_are_not_in_the_document(contract, packages):
    paths = set(contract.document["paths"])

    assert ("/api/task-report-insight" in paths) == ("tms_reports" in packages)
    assert ("/api/users/me/notifications" in paths) == ("tms_notifications" in packages)
    assert ("/api/admin/mails" in paths) == ("tms_notifications" in packages)
    assert ("Report" in contract.document["components"]["schemas"]) == ("tms_reports" in packages)


def test_operations_state_the_scope_of_personal_tokens(contract, runtime):
    documented = {
        f"{verb} {path}": one["personal"][0]
        for verb, path, operation in contract.operations()
        for one in operation["security"]
        if "personal" in one
    }

    assert documented == runtime.registry.scopes


@pytest.mark.parametrize("path", ["/api/openapi.json", "/api/docs"])
def test_unchanged_documents_are_answered_with_304(app, path):
    whole = app.get(path, status=200)

    again = app.get(path, headers={"If-None-Match": whole.headers["ETag"]}, status=304)

    assert again.body == b""
    assert again.headers["ETag"] == whole.headers["ETag"]
