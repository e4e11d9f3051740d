"""The operations as the page shows them: package by package, tag by tag."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from tms_api.docs_page.schema_text import Schemas, as_json

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
        for verb, told in verbs.items():
            answers = [_answer(status, one, document, schemas) for status, one in told["responses"].items()]
            yield {
                "id": told["operationId"],
                "tag": told["tags"][0],
                "verb": verb.upper(),
                "path": path,
                "summary": told.get("summary", ""),
                "help": told.get("description", ""),
                "token": _token(told["security"]),
                "parameters": [_parameter(one, schemas) for one in told.get("parameters", ())],
                "body": _body(told, schemas),
                "successes": [one for one in answers if one["status"] < "400"],
                "errors": [one for one in answers if one["status"] >= "400"],
            }


def _token(security: list[Mapping[str, list[str]]]) -> str:
    if not security:
        return "Open to everybody."
    if {} in security:
        return "Open to everybody; with a token it may do more."
    scopes = [scope for one in security for scope in one.get("personal", ())]
    return "Needs an access token" + (f", or a personal token with the scope `{scopes[0]}`." if scopes else ".")


def _parameter(told: Mapping[str, Any], schemas: Schemas) -> dict[str, Any]:
    return {
        "name": told["name"],
        "where": told["in"],
        "is_required": told.get("required", False),
        "kind": schemas.kind(told["schema"]),
        "help": told.get("description", ""),
        "default": told["schema"].get("default"),
    }


def _body(told: Mapping[str, Any], schemas: Schemas) -> dict[str, Any] | None:
    if "requestBody" not in told:
        return None
    (schema,) = (one["schema"] for one in told["requestBody"]["content"].values())
    return {"kind": schemas.kind(schema), "rows": schemas.rows(schema), "example": schemas.example(schema)}


def _answer(status: str, told: Mapping[str, Any], document: Mapping[str, Any], schemas: Schemas) -> dict[str, Any]:
    if reference := told.get("$ref"):
        told = document["components"]["responses"][reference.removeprefix(RESPONSES)]
    kinds = told.get("content", {})
    return {
        "status": status,
        "phrase": HTTPStatus(int(status)).phrase,
        "help": told["description"],
        "headers": [{"name": name, **header} for name, header in told.get("headers", {}).items()],
        "kinds": [{"name": name, **_content(one, schemas)} for name, one in kinds.items()],
    }


def _content(told: Mapping[str, Any], schemas: Schemas) -> dict[str, Any]:
    example = as_json(told["example"]) if "example" in told else schemas.example(told["schema"])
    name = told["schema"].get("$ref", "").rpartition("/")[2]
    return {"kind": schemas.kind(told["schema"]), "schema": name, "example": example}
