"""What `tms up` says when all is up: where everything is, and what to do next."""

import os
import shlex
import shutil
import sys
from pathlib import Path

from tms_core.embedded.state import StateDirectory
from tms_core.runtime import Runtime
from tms_core.system import api_url, ports

JSON = "-H 'Content-Type: application/json'"
USER = '{"username": "ada", "email": "ada@example.com", "password": "password123"}'
LOGIN = '{"username": "ada", "password": "password123"}'


def tms_command() -> str:
    """How this very `tms` is called from here."""
    own = Path(sys.executable).with_name("tms")
    return "tms" if shutil.which("tms") == str(own) else min(os.path.relpath(own), str(own), key=len)


def banner(runtime: Runtime, state: StateDirectory, given: dict[str, str], *, demo: bool = False) -> str:
    """`given` is what other terminals have to set to find this system."""
    if given.get("TMS_INI") == os.path.abspath("development.ini"):
        given = {name: value for name, value in given.items() if name != "TMS_INI"}
    lines = ["", "TMS is up.", "", *_table(_addresses(runtime, state)), "", "Next, in another terminal:", ""]
    settings = [f"export {name}={shlex.quote(value)}" for name, value in given.items()]
    lines += [f"  {line}" for line in (*settings, *_next_steps(runtime))]
    lines += ["", f"Ctrl-C stops everything; the data stay in {state.path}.", "", ""]
    return "\n".join(lines)


def _addresses(runtime: Runtime, state: StateDirectory) -> list[tuple[str, str]]:
    rows = [("REST API", f"{api_url(runtime)}/api/")]
    if "tms_api" in runtime.packages:
        rows.append(("Documentation", f"{api_url(runtime)}/api/docs"))
    for name, port in ports(runtime).items():
        if name == "realtime":
            rows.append(("WebSocket", f"ws://localhost:{port}/ws/tasks/"))
        elif name != "api":
            rows.append((name, f"port {port}"))
    if transport := _mail_transport(runtime):
        where = (
            f"files in {state.mail}; read them with: {tms_command()} mail list"
            if transport == "file"
            else f"by {transport}"
        )
        rows.append(("Mail", where))
    if runtime.core.database_url is None:
        rows.append(("Database", runtime.core.database))
    if runtime.core.redis_url is None:
        rows.append(("Redis", runtime.core.redis))
    return rows


def _mail_transport(runtime: Runtime) -> str | None:
    """As the package that sends mail has it, if there is one."""
    for group, settings in runtime.groups.items():
        if group.prefix == "tms.notifications":
            return getattr(settings, "transport", None)
    return None


def _next_steps(runtime: Runtime) -> list[str]:
    steps = [f"{tms_command()} doctor", f"{tms_command()} user create admin --admin"]
    if "tms_api" in runtime.packages:
        steps += [
            f"curl {api_url(runtime)}/api/users/ {JSON} -d '{USER}'",
            f"curl {api_url(runtime)}/api/token/ {JSON} -d '{LOGIN}'",
        ]
    return steps


def _table(rows: list[tuple[str, str]]) -> list[str]:
    width = max(len(name) for name, _ in rows)
    return [f"  {name:{width}}  {value}" for name, value in rows]
