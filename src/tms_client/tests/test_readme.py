"""The examples of the README and of docs/realtime.md, executed against a real TMS."""

import re
import threading
from pathlib import Path

import pytest

from tms_client import TmsClient
from tms_local.embedded.ports import free_port
from tms_testing.fixtures import PASSWORD

ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 60.0
ANN = {"username": "ann", "password": PASSWORD}


@pytest.fixture(scope="module")
def packages():
    return ("tms_api", "tms_realtime")


@pytest.fixture(scope="module")
def settings():
    return {"tms.api_workers": "1", "tms.realtime.port": str(free_port()), "tms.realtime.status_port": "0"}


@pytest.fixture(scope="module")
def ann(url, realtime):
    with TmsClient(url) as nobody:
        nobody.users.create(email="ann@example.com", **ANN)
    with TmsClient(url, **ANN) as client:
        yield client


@pytest.fixture
def examples(url, ann):
    """Return the Python code blocks of a document, adapted to the test's server."""
    scopes = ["tasks:read", "tasks:write"]
    token = ann.request("POST", "/api/api-tokens", json={"name": "example", "scopes": scopes})["token"]

    def find(path, heading=""):
        text = (ROOT / path).read_text().partition(heading)[2] if heading else (ROOT / path).read_text()
        found = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
        return [block.replace("http://localhost:8000", url).replace("tms_…", token) for block in found]

    return find


def test_the_first_examples_of_the_readme_run(examples, ann, capsys):
    first, overwriting, retrying, _ = examples("src/tms_client/README.md")

    names = {}
    for block in (first, overwriting, retrying):
        exec(block, names)

    (task,) = ann.tasks.list()
    assert capsys.readouterr().out == f"{task['id']} Paint the shed\n"
    assert (task["title"], task["status"]) == ("Paint the shed green", "IN_PROGRESS")
    assert list(names["client"].tasks.list()) == [task]
    names["client"].close()


@pytest.mark.parametrize(
    ("path", "heading"), [("src/tms_client/README.md", "## Events"), ("docs/realtime.md", "## Python")]
)
def test_the_examples_of_events_run(examples, ann, capsys, url, path, heading):
    (block,) = examples(path, heading)
    names = {"client": TmsClient(url, **ANN)}
    reader = threading.Thread(target=exec, args=(block, names), daemon=True)
    reader.start()

    me, output, made = ann.users.me()["id"], "", 0
    while "Paint the fence" not in output and made < 5000:
        ann.tasks.create(title="Paint the fence", assigned_to=me)
        made += 1
        output += capsys.readouterr().out
    names["client"].close()
    reader.join(PATIENCE)

    assert not reader.is_alive()
    assert "Paint the fence" in output
