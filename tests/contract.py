"""Validates real responses against the OpenAPI document; undocumented keys are errors."""

import copy
import re
from typing import Any

import jsonschema_rs

SCHEMAS = "#/components/schemas/"


class Contract:
    def __init__(self, document: dict[str, Any]):
        self.document = document
        # Clients must tolerate unknown keys; the server must not send undocumented ones.
        self._components = {"schemas": {name: _closed(one) for name, one in document["components"]["schemas"].items()}}
        self._patterns = {path: re.compile(re.sub(r"\{\w+\}", "[^/]+", path) + "/?") for path in document["paths"]}
        self.seen: set[tuple[str, int]] = set()

    def operations(self):
        for path, verbs in self.document["paths"].items():
            for verb, operation in verbs.items():
                yield verb.upper(), path, operation

    def operation(self, verb: str, path: str) -> dict[str, Any]:
        """Return the operation of a request; paths with fewer placeholders take precedence."""
        found = [known for known, pattern in self._patterns.items() if pattern.fullmatch(path)]
        known = min(found, key=lambda one: one.count("{"))
        return self.document["paths"][known][verb.lower()]

    def resolved(self, response: dict[str, Any]) -> dict[str, Any]:
        if "$ref" not in response:
            return response
        return self.document["components"]["responses"][response["$ref"].rpartition("/")[2]]

    def check(self, answer: Any) -> None:
        """Raise AssertionError or a validation error unless this WebTest response is documented."""
        request = answer.request
        operation = self.operation(request.method, request.path)
        status = str(answer.status_int)
        assert status in operation["responses"], f"{operation['operationId']} does not document {status}: {answer.text}"
        documented = self.resolved(operation["responses"][status])
        for name, header in documented.get("headers", {}).items():
            assert name in answer.headers or not header["required"], f"{operation['operationId']}: no {name}"
        content = documented.get("content", {})
        assert bool(content) == bool(answer.body), operation["operationId"]
        if content:
            assert answer.content_type in content, f"{operation['operationId']}: {answer.content_type}"
            value = answer.json if "json" in answer.content_type else answer.text
            self.require(value, content[answer.content_type]["schema"])
        self.seen.add((operation["operationId"], answer.status_int))

    def require(self, value: Any, schema: dict[str, Any]) -> None:
        whole = {**_closed(schema), "components": self._components}
        jsonschema_rs.Draft202012Validator(whole, validate_formats=True).validate(value)


def _closed(schema: Any) -> Any:
    """Return the schema with additionalProperties set to false."""
    match schema:
        case dict():
            closed = {name: _closed(one) for name, one in schema.items()}
            return {"additionalProperties": False, **closed} if "properties" in schema else closed
        case list():
            return [_closed(one) for one in schema]
        case _:
            return copy.copy(schema)
