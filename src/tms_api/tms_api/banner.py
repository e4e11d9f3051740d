"""The lines of the API in the banner of `tms up`."""

import json

from tms_core.runtime import Runtime

JSON = "-H 'Content-Type: application/json'"
NEW_USER = {"username": "ada", "email": "ada@example.com", "password": "password123"}


def api_address(runtime: Runtime) -> str:
    return f"{runtime.core.local_api_url}/api"


def docs_address(runtime: Runtime) -> str:
    return f"{runtime.core.local_api_url}/api/docs"


def sign_in_steps(runtime: Runtime, login: tuple[str, str] | None) -> list[str]:
    """Return the command that signs in as a demo user; without one, also the command that registers a user."""
    steps = []
    if login is None:
        steps.append(f"curl {api_address(runtime)}/users/ {JSON} -d '{json.dumps(NEW_USER)}'")
        login = (NEW_USER["username"], NEW_USER["password"])
    body = json.dumps({"username": login[0], "password": login[1]})
    return [*steps, f"curl {api_address(runtime)}/token/ {JSON} -d '{body}'"]
