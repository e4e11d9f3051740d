"""Checks the error codes of every problem document that a test receives."""

from collections.abc import Mapping
from typing import Any

from webtest import TestApp

from tms_core.error_codes import INVALID_VALUE, ErrorCode, code_of_status


class CheckedApp(TestApp):
    """A WebTest application that fails the test for a problem document without registered codes."""

    def do_request(self, *args: Any, **kwargs: Any) -> Any:
        response = super().do_request(*args, **kwargs)
        if response.content_type == "application/problem+json" and response.body:
            check_codes(response.json, self.app.registry.tms.registry.error_codes)
        return response


def check_codes(document: Mapping[str, Any], known: Mapping[str, ErrorCode]) -> None:
    """Raise AssertionError unless the document and its errors have codes of `known`, with their parameters."""
    code, status = known[document["code"]], document["status"]
    # Rare statuses, of proxies and libraries, have the code of the class.
    assert code.status == status or code is code_of_status(status), f"{code.name} is not a code of {status}"
    assert set(document.get("params", {})) == set(code.params), code.name
    for entry in document.get("errors", ()):
        of_entry = known[entry["code"]]
        assert of_entry.is_shared or of_entry.status is None, f"{of_entry.name} is not a code of fields"
        assert of_entry is not INVALID_VALUE, f"{entry['field']} {entry['message']}: needs a code of its own"
        assert set(entry.get("params", {})) == set(of_entry.params), of_entry.name
