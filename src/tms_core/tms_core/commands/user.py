import getpass
import sys

import click
from rich.table import Table
from sqlalchemy import func, select

from tms_core.access_tokens import AccessTokens
from tms_core.commands.invocation import Invocation, refuse
from tms_core.models import User
from tms_core.permissions import Actor
from tms_core.runtime import Runtime
from tms_core.services.tokens import TokenService
from tms_core.services.users import UserService

SHORTEST_PASSWORD = 8
# Whoever has the ini file has the database: the command line acts as an administrator who is no user.
OPERATOR = Actor(0, is_admin=True)


@click.group()
def user() -> None:
    """Create, list and disable accounts."""


@user.command()
@click.argument("name")
@click.option("--admin", is_flag=True, help="Make it an administrator.")
@click.option("--email", help="Default: NAME@localhost.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input, not from a prompt.")
@click.pass_obj
def create(invocation: Invocation, name: str, admin: bool, email: str | None, password_stdin: bool) -> None:
    """Create an account; --admin for the first administrator."""
    runtime = invocation.bootstrap()
    values = {"username": name, "email": email or f"{name}@localhost", "is_admin": admin}
    password = _password(password_stdin)
    with runtime.transaction() as session:
        made = UserService(session, OPERATOR).create({**values, "password": password})
        click.echo(f"created {'administrator' if admin else 'user'} {made.username} with id {made.id}")


@user.command("list")
@click.pass_obj
def list_(invocation: Invocation) -> None:
    """Show all accounts."""
    runtime = invocation.bootstrap()
    table = Table("id", "username", "email", "administrator", "active", "since")
    with runtime.transaction() as session:
        for one in session.scalars(select(User).where(User.deleted_at.is_(None)).order_by(User.id)):
            table.add_row(
                str(one.id),
                one.username,
                one.email,
                _yes(one.is_admin),
                _yes(one.is_active),
                f"{one.created_at:%Y-%m-%d}",
            )
    invocation.console.print(table)


@user.command()
@click.argument("name")
@click.pass_obj
def disable(invocation: Invocation, name: str) -> None:
    """End an account's logins at once and let it sign in no more. Its tasks stay as they are."""
    runtime = invocation.bootstrap()
    with runtime.transaction() as session:
        user_id = session.scalar(select(User.id).where(func.lower(User.username) == name.lower()))
        if user_id is None:
            refuse(f"there is no user {name}")
        UserService(session, OPERATOR).change(user_id, {"is_active": False}, tokens=_tokens(runtime, session))
    click.echo(f"disabled {name}")


def _tokens(runtime: Runtime, session) -> TokenService:
    return TokenService(session, AccessTokens(runtime.core.jwt_key, runtime.core.access_token_life), runtime.core)


def _password(from_stdin: bool) -> str:
    if from_stdin:
        password = sys.stdin.readline().rstrip("\n")
    else:
        password = getpass.getpass("Password: ")
        if password != getpass.getpass("Again: "):
            refuse("the two passwords differ")
    if len(password) < SHORTEST_PASSWORD:
        refuse(f"a password has at least {SHORTEST_PASSWORD} characters")
    return password


def _yes(value: bool) -> str:
    return "yes" if value else "no"
