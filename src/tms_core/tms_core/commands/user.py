"""`tms user`: management of accounts, with the services and rules of the API."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import click
from sqlalchemy import select

from tms_core.commands.invocation import Invocation, fail
from tms_core.commands.user_list import print_accounts
from tms_core.errors import InvalidError
from tms_core.models import User
from tms_core.permissions import OPERATOR
from tms_core.sanitizing import one_line
from tms_core.services.account_lookup import account_with_username
from tms_core.services.tokens import TokenService
from tms_core.services.tokens import create_service as token_service
from tms_core.services.users import UserService
from tms_core.services.users import create_service as user_service

F = TypeVar("F", bound=Callable[..., Any])


@click.group()
def user() -> None:
    """Create, list, change and delete accounts."""


def password_stdin_option(command: F) -> F:
    help_ = "Read the password from standard input, not from a prompt."
    return click.option("--password-stdin", is_flag=True, help=help_)(command)


@user.command()
@click.argument("name")
@click.option("--admin", is_flag=True, help="Create an administrator.")
@click.option("--email", help="Default: NAME@localhost.")
@password_stdin_option
@click.pass_obj
def create(invocation: Invocation, name: str, admin: bool, email: str | None, password_stdin: bool) -> None:
    """Create an account; --admin for the first administrator."""
    values = {"username": name, "email": email or f"{name}@localhost", "is_admin": admin}
    with _accounts(invocation) as accounts:
        try:
            made = accounts.users.create({**values, "password": _password(password_stdin)})
        except InvalidError as error:
            # Without --email, the error is in the name, not in the derived address.
            errors = [field_error for field_error in error.errors if email or field_error.field != "email"]
            raise InvalidError(errors or error.errors) from None
    click.echo(f"created {'administrator' if admin else 'user'} {made.username} with id {made.id}")


@user.command("list")
@click.option("--format", "style", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True)
@click.pass_obj
def list_(invocation: Invocation, style: str) -> None:
    """Show all accounts."""
    with invocation.bootstrap().transaction() as session:
        found = session.scalars(select(User).where(User.deleted_at.is_(None)).order_by(User.id))
        print_accounts(found, style, invocation.console)


@user.command()
@click.argument("name")
@click.pass_obj
def enable(invocation: Invocation, name: str) -> None:
    """Enable a disabled account, so that it can sign in again."""
    with _accounts(invocation) as accounts:
        accounts.change(name, is_active=True)
    click.echo(f"enabled {name}")


@user.command()
@click.argument("name")
@click.pass_obj
def disable(invocation: Invocation, name: str) -> None:
    """Disable an account: its sessions end at once, and it cannot sign in. Its tasks are unchanged."""
    with _accounts(invocation) as accounts:
        accounts.change(name, is_active=False)
    click.echo(f"disabled {name}")


@user.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Delete without confirmation.")
@click.pass_obj
def delete(invocation: Invocation, name: str, yes: bool) -> None:
    """Delete an account permanently: personal data are erased, and its open tasks become unassigned."""
    if not yes:
        click.confirm(f"Delete {name} for good?", abort=True)
    with _accounts(invocation) as accounts:
        accounts.users.delete(accounts.id_of(name), accounts.tokens)
    click.echo(f"deleted {name}")


@user.command()
@click.argument("name")
@password_stdin_option
@click.pass_obj
def passwd(invocation: Invocation, name: str, password_stdin: bool) -> None:
    """Set an account's password; ends all its sessions and personal tokens."""
    with _accounts(invocation) as accounts:
        accounts.id_of(name)
    password = _password(password_stdin)
    with _accounts(invocation) as accounts:
        accounts.change(name, password=password)
    click.echo(f"set the password of {name}")


@user.command()
@click.argument("name")
@click.argument("state", type=click.Choice(["on", "off"]))
@click.pass_obj
def admin(invocation: Invocation, name: str, state: str) -> None:
    """Make an account an administrator (on), or an ordinary user (off)."""
    with _accounts(invocation) as accounts:
        accounts.change(name, is_admin=state == "on")
    click.echo(f"{name} is {'an administrator' if state == 'on' else 'no administrator'} now")


@dataclass(frozen=True, slots=True)
class _Accounts:
    users: UserService
    tokens: TokenService
    id_of: Callable[[str], int]

    def change(self, name: str, **values: Any) -> None:
        self.users.change(self.id_of(name), values, tokens=self.tokens)


@contextmanager
def _accounts(invocation: Invocation) -> Iterator[_Accounts]:
    """Yield the services in one transaction, with the operator as actor."""
    runtime = invocation.bootstrap()
    with runtime.transaction() as session:

        def id_of(name: str) -> int:
            found = account_with_username(session, name) if is_utf8(name) else None
            if found is None or found.deleted_at is not None:
                fail(f"there is no user {one_line(name)}")
            return found.id

        yield _Accounts(user_service(runtime, session, OPERATOR), token_service(runtime, session), id_of)


def is_utf8(argument: str) -> bool:
    """Return whether a command-line argument was valid UTF-8; invalid bytes are decoded as surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in argument)


def _password(from_stdin: bool) -> str:
    try:
        if from_stdin:
            return sys.stdin.readline().rstrip("\r\n")
        return str(click.prompt("Password", hide_input=True, confirmation_prompt="Again"))
    except UnicodeDecodeError:
        fail("the password is not UTF-8")
    except click.Abort:
        if sys.stdin.isatty():
            raise
        fail("no password was typed; --password-stdin reads it from standard input")
