"""The banner of `tms up`: the addresses of all services, and the next steps."""

import json
import os
import shlex
import shutil
import sys
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from tms_core.models import User
from tms_core.runtime import Runtime
from tms_core.state_dir import StateDirectory
from tms_local.demo.loading import PASSWORD
from tms_local.demo.people import DOMAIN
from tms_local.process_specs import api_url, ports

JSON = "-H 'Content-Type: application/json'"
USER = '{"username": "ada", "email": "ada@example.com", "password": "password123"}'


def tms_command() -> str:
    """Return the command line that runs this `tms` from the working directory."""
    own = Path(sys.executable).with_name("tms")
    return "tms" if shutil.which("tms") == str(own) else min(os.path.relpath(own), str(own), key=len)


def banner(runtime: Runtime, state: StateDirectory, given: dict[str, str], *, demo: bool = False) -> str:
    """Return the banner. `given` holds the environment variables that commands in other terminals need."""
    if given.get("TMS_INI") == os.path.abspath("development.ini"):
        given = {name: value for name, value in given.items() if name != "TMS_INI"}
    rows = _addresses(runtime, state)
    demo_user = _demo_user(runtime) if demo else None
    if demo_user:
        rows.append(("Sign in as", f"{demo_user}, password {PASSWORD}"))
    lines = ["", "TMS is up.", "", *_table(rows), "", "Next, in another terminal:", ""]
    settings = [f"export {name}={shlex.quote(value)}" for name, value in given.items()]
    lines += [f"  {line}" for line in (*settings, *_next_steps(runtime, demo_user))]
    lines += ["", f"Ctrl-C stops everything; the data stay in {state.path}.", "", ""]
    return "\n".join(lines)


def _addresses(runtime: Runtime, state: StateDirectory) -> list[tuple[str, str]]:
    rows = [("Health", f"{api_url(runtime)}/api/health")]
    if "tms_api" in runtime.registry.packages:
        rows = [("REST API", f"{api_url(runtime)}/api"), ("Documentation", f"{api_url(runtime)}/api/docs")]
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
    """Return the mail transport; None if no package sends mail."""
    for group, settings in runtime.groups.items():
        if group.prefix == "tms.notifications":
            return getattr(settings, "transport", None)
    return None


def _demo_user(runtime: Runtime) -> str | None:
    """Return the name of a demo user that can sign in; None if there is none."""
    first = select(User.username).where(User.email.endswith(f"@{DOMAIN}"), User.is_active).order_by(User.id).limit(1)
    try:
        with runtime.transaction() as session:
            return session.scalar(first)
    except SQLAlchemyError:
        # Errors must not stop a running system.
        return None
    finally:
        runtime.close()


def _next_steps(runtime: Runtime, demo_user: str | None) -> list[str]:
    steps = [f"{tms_command()} doctor", f"{tms_command()} user create admin --admin"]
    if "tms_api" not in runtime.registry.packages:
        return steps
    if demo_user:
        return [*steps, f"curl {api_url(runtime)}/api/token/ {JSON} -d '{_login(demo_user)}'"]
    return [
        *steps,
        f"curl {api_url(runtime)}/api/users/ {JSON} -d '{USER}'",
        f"curl {api_url(runtime)}/api/token/ {JSON} -d '{_login('ada')}'",
    ]


def _login(username: str) -> str:
    return json.dumps({"username": username, "password": PASSWORD})


def _table(rows: list[tuple[str, str]]) -> list[str]:
    width = max(len(name) for name, _ in rows)
    return [f"  {name:{width}}  {value}" for name, value in rows]
