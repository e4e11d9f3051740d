"""The banner of `tms up`: the addresses of all services, and the next steps."""

import os
import shlex

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from tms_core.commands.program import tms_command
from tms_core.models import User
from tms_core.registry import resolve
from tms_core.runtime import Runtime
from tms_local.demo.loading import PASSWORD
from tms_local.demo.people import DOMAIN
from tms_local.embedded.state import StateDirectory

SHOWN_ACCOUNTS = 3


def banner(runtime: Runtime, state: StateDirectory, given: dict[str, str], *, demo: bool = False) -> str:
    """Return the banner. `given` holds the environment variables that commands in other terminals need."""
    if given.get("TMS_INI") == os.path.abspath("development.ini"):
        given = {name: value for name, value in given.items() if name != "TMS_INI"}
    rows = _addresses(runtime)
    accounts = _demo_accounts(runtime) if demo else []
    for number, (username, role) in enumerate(accounts):
        rows.append(("" if number else "Sign in as", f"{username}, password {PASSWORD} ({role})"))
    lines = ["", "TMS is up.", "", *_table(rows), "", "Next, in another terminal:", ""]
    settings = [f"export {name}={shlex.quote(value)}" for name, value in given.items()]
    lines += [f"  {line}" for line in (*settings, *_next_steps(runtime, accounts[0][0] if accounts else None))]
    lines += ["", f"Ctrl-C stops everything; the data stay in {state.path}.", "", ""]
    return "\n".join(lines)


def _addresses(runtime: Runtime) -> list[tuple[str, str]]:
    rows = []
    for name, line in runtime.registry.banner_lines.items():
        if text := (resolve(line) if isinstance(line, str) else line)(runtime):
            rows.append((name, text))
    url = runtime.core.local_api_url
    if not any(text.startswith(url) for _, text in rows):
        rows.insert(0, ("Health", f"{url}/api/health"))
    if runtime.core.database_url is None:
        rows.append(("Database", runtime.core.database))
    if runtime.core.redis_url is None:
        rows.append(("Redis", runtime.core.redis))
    return rows


def _demo_accounts(runtime: Runtime) -> list[tuple[str, str]]:
    """Return the names and roles of some demo users that can sign in, administrators first."""
    active = select(User.username, User.is_admin).where(User.email.endswith(f"@{DOMAIN}"), User.is_active)
    try:
        with runtime.transaction() as session:
            found = session.execute(active.order_by(User.is_admin.desc(), User.id).limit(SHOWN_ACCOUNTS)).all()
        return [(row.username, "administrator" if row.is_admin else "member") for row in found]
    except SQLAlchemyError:
        # Errors must not stop a running system.
        return []
    finally:
        runtime.close()


def _next_steps(runtime: Runtime, demo_user: str | None) -> list[str]:
    steps = [f"{tms_command()} doctor"]
    if demo_user is None:
        steps.append(f"{tms_command()} user create admin --admin")
    login = (demo_user, PASSWORD) if demo_user else None
    for of_package in runtime.registry.banner_steps:
        steps += resolve(of_package)(runtime, login)
    return steps


def _table(rows: list[tuple[str, str]]) -> list[str]:
    width = max(len(name) for name, _ in rows)
    return [f"  {name:{width}}  {value}" for name, value in rows]
