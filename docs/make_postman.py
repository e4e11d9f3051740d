"""Writes docs/tms.postman_collection.json from the API's description: `make docs`. A test compares the two."""

import json
from pathlib import Path
from typing import Any

from tms_core.app import configure, read_ini
from tms_core.web.openapi.examples import example_of

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "docs" / "tms.postman_collection.json"
SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
BASE_URL = "http://localhost:8000"
VARIABLES = {"base_url": BASE_URL, "username": "ann", "password": "password123", "token": "", "refresh": ""}
# Filled in by the collection's variables, so that signing in is all there is to do by hand.
BODIES = {
    "sign_in": {"username": "{{username}}", "password": "{{password}}"},
    "refresh_token": {"refresh": "{{refresh}}"},
    "revoke_token": {"refresh": "{{refresh}}"},
}
KEEP_TOKENS = (
    "if (pm.response.code === 200) {",
    "  const pair = pm.response.json();",
    '  pm.collectionVariables.set("token", pair.access);',
    '  pm.collectionVariables.set("refresh", pair.refresh);',
    "}",
)
HEADERS = {"Idempotency-Key": "{{$guid}}"}


def collection() -> dict[str, Any]:
    """The collection for all packages of this repository."""
    config = configure(read_ini(str(ROOT / "development.ini")), web=True)
    config.make_wsgi_app()
    return collection_of(config.registry.description.document)


def collection_of(document: dict[str, Any]) -> dict[str, Any]:
    info = document["info"]
    return {
        "info": {
            "name": f"{info['title']} API",
            "description": f"{info['summary']} {info['description']}",
            "schema": SCHEMA,
        },
        "variable": [{"key": name, "value": value, "type": "string"} for name, value in VARIABLES.items()],
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{token}}", "type": "string"}]},
        "item": [_folder(tag, document) for tag in document["tags"]],
    }


def _folder(tag: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    items = [
        _item(verb.upper(), path, operation, document["components"]["schemas"])
        for path, verbs in document["paths"].items()
        for verb, operation in verbs.items()
        if operation["tags"] == [tag["name"]]
    ]
    return {"name": tag["name"], "description": tag["description"], "item": items}


def _item(verb: str, path: str, operation: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    parameters = operation.get("parameters", [])
    request: dict[str, Any] = {
        "method": verb,
        "description": operation.get("description", ""),
        "header": [_optional(one, components) for one in parameters if one["in"] == "header"],
        "url": _url(path, parameters, components),
    }
    if not operation["security"]:
        request["auth"] = {"type": "noauth"}
    if "requestBody" in operation:
        (media,) = operation["requestBody"]["content"].values()
        body = BODIES.get(operation["operationId"]) or example_of(media["schema"], components)
        text = json.dumps(body, indent=2, ensure_ascii=False)
        request["body"] = {"mode": "raw", "raw": text, "options": {"raw": {"language": "json"}}}
    item = {"name": operation["summary"], "request": request, "response": []}
    if operation["operationId"] in ("sign_in", "refresh_token"):
        script = {"type": "text/javascript", "exec": list(KEEP_TOKENS)}
        item["event"] = [{"listen": "test", "script": script}]
    return item


def _url(path: str, parameters: list[dict[str, Any]], components: dict[str, Any]) -> dict[str, Any]:
    spelled = path.replace("{", ":").replace("}", "")
    url: dict[str, Any] = {
        "raw": "{{base_url}}" + spelled,
        "host": ["{{base_url}}"],
        "path": spelled.strip("/").split("/"),
    }
    if query := [_optional(one, components) for one in parameters if one["in"] == "query"]:
        url["query"] = query
    if variables := [one for one in parameters if one["in"] == "path"]:
        url["variable"] = [
            {"key": one["name"], "value": _text(one, components), "description": one["description"]}
            for one in variables
        ]
    return url


def _optional(parameter: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    return {
        "key": parameter["name"],
        "value": HEADERS.get(parameter["name"]) or _text(parameter, components),
        "description": parameter["description"],
        "disabled": not parameter.get("required", False),
    }


def _text(parameter: dict[str, Any], components: dict[str, Any]) -> str:
    value = parameter.get("example")
    if value is None:
        value = example_of(parameter["schema"], components)
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


if __name__ == "__main__":
    FILE.write_text(json.dumps(collection(), indent=1, ensure_ascii=False) + "\n")
