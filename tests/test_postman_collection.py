"""docs/tms.postman_collection.json is generated from the OpenAPI document and works after signing in."""

import json
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parent.parent / "docs"


@pytest.fixture(scope="module")
def made(docs_script):
    return docs_script("make_postman").collection()


def requests(collection):
    return {item["name"]: item for folder in collection["item"] for item in folder["item"]}


def test_the_committed_collection_is_up_to_date(made):
    assert json.loads((DOCS / "tms.postman_collection.json").read_text()) == made, "run: make docs"


def test_the_collection_has_every_operation(made, app):
    document = app.get("/api/openapi.json").json
    sent = [item["request"] for item in requests(made).values()]
    documented = {(request["method"], "/" + "/".join(request["url"]["path"])) for request in sent}

    assert documented == {
        (verb.upper(), re.sub(r"\{(\w+)\}", r":\1", path))
        for path, verbs in document["paths"].items()
        for verb in verbs
    }


def test_signing_in_stores_the_token_for_other_requests(made):
    sign_in = requests(made)["Sign in"]
    variables = {one["key"] for one in made["variable"]}

    assert sign_in["request"]["auth"] == {"type": "noauth"}
    assert '  pm.collectionVariables.set("token", pair.access);' in sign_in["event"][0]["script"]["exec"]
    assert made["auth"]["bearer"][0]["value"] == "{{token}}"
    assert set(re.findall(r"\{\{(\w+)\}\}", json.dumps(made))) <= variables
    assert "auth" not in requests(made)["Create a task"]["request"]


def test_the_first_steps_work(made, app, make_user):
    make_user("ann")
    values = {one["key"]: one["value"] for one in made["variable"]} | {"base_url": ""}

    def send(name):
        request = requests(made)[name]["request"]
        body = re.sub(r"\{\{(\w+)\}\}", lambda found: values[found[1]], request["body"]["raw"])
        headers = {"Authorization": f"Bearer {values['token']}"} if "auth" not in request else {}
        return app.post_json("/" + "/".join(request["url"]["path"]), json.loads(body), headers=headers)

    pair = send("Sign in").json
    values |= {"token": pair["access"], "refresh": pair["refresh"]}
    make_user("bob")

    assert send("Create a task").status_int == 201
    assert send("Exchange a refresh token for a new token pair").json["refresh"]
