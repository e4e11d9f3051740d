"""The operations of the OpenAPI document, grouped by package and tag for the page."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from tms_api.openapi.docs_page.schema_text import Schemas, as_json

RESPONSES = "#/components/responses/"


def groups_of(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    shown = list(_operations(document))
    helps = {tag["name"]: tag["description"] for tag in document["tags"]}
    return [
        {
            "package": group["name"],
            "tags": [
                {"name": name, "help": helps[name], "operations": [one for one in shown if one["tag"] == name]}
                for name in group["tags"]
            ],
        }
        for group in document["x-tagGroups"]
    ]


def _operations(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    schemas = Schemas(document)
    for path, verbs in document["paths"].items():
        for verb, operation in verbs.items():
            responses = [_response(status, one, document, schemas) for status, one in operation["responses"].items()]
            yield {
                "id": operation["operationId"],
                "tag": operation["tags"][0],
                "verb": verb.upper(),
                "path": path,
                "summary": operation.get("summary", ""),
                "help": operation.get("description", ""),
                "token": _token(operation["security"]),
                "parameters": [_parameter(one, schemas) for one in operation.get("parameters", ())],
                "body": _body(operation, schemas),
                "successes": [one for one in responses if one["status"] < "400"],
                "errors": [one for one in responses if one["status"] >= "400"],
            }


def _token(security: list[Mapping[str, list[str]]]) -> str:
    if not security:
        return "Needs no token."
    if {} in security:
        return "Needs no token; a token may allow more."
    scopes = [scope for one in security for scope in one.get("personal", ())]
    return "Needs an access token" + (f", or a personal token with the scope `{scopes[0]}`." if scopes else ".")


def _parameter(parameter: Mapping[str, Any], schemas: Schemas) -> dict[str, Any]:
    return {
        "name": parameter["name"],
        "where": parameter["in"],
        "is_required": parameter.get("required", False),
        "kind": schemas.kind(parameter["schema"]),
        "help": parameter.get("description", ""),
        "default": parameter["schema"].get("default"),
    }


def _body(operation: Mapping[str, Any], schemas: Schemas) -> dict[str, Any] | None:
    if "requestBody" not in operation:
        return None
    (schema,) = (one["schema"] for one in operation["requestBody"]["content"].values())
    return {"kind": schemas.kind(schema), "rows": schemas.rows(schema), "example": schemas.example(schema)}


def _response(
    status: str, response: Mapping[str, Any], document: Mapping[str, Any], schemas: Schemas
) -> dict[str, Any]:
    if reference := response.get("$ref"):
        response = document["components"]["responses"][reference.removeprefix(RESPONSES)]
    kinds = response.get("content", {})
    return {
        "status": status,
        "phrase": HTTPStatus(int(status)).phrase,
        "help": response["description"],
        "headers": [{"name": name, **header} for name, header in response.get("headers", {}).items()],
        "kinds": [{"name": name, **_content(one, schemas)} for name, one in kinds.items()],
    }


def _content(media_type: Mapping[str, Any], schemas: Schemas) -> dict[str, Any]:
    example = as_json(media_type["example"]) if "example" in media_type else schemas.example(media_type["schema"])
    name = media_type["schema"].get("$ref", "").rpartition("/")[2]
    return {"kind": schemas.kind(media_type["schema"]), "schema": name, "example": example}
