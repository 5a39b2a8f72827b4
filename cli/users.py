"""`densemark user`: accounts, for whoever sits at the server."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from annotation.words import Role
from cli.common import DEFAULT_DATA, AsJson, DataDir, console, open_database, print_json, print_table

app = typer.Typer(help="Accounts: add, change a password, list.", no_args_is_help=True)

Username = Annotated[str, typer.Argument(help="Name to sign in with.")]


def ask_password() -> str:
    """The new password: typed twice at a terminal, else the first line of standard input."""
    if sys.stdin.isatty():
        password: str = typer.prompt("Password (8 characters or more)", hide_input=True, confirmation_prompt=True)
        return password
    return sys.stdin.readline().rstrip("\r\n")


@app.command()
def add(
    username: Username,
    role: Annotated[Role, typer.Option(help="What the user is here for.")] = Role.annotator,
    name: Annotated[str, typer.Option(help="Full name; the user name when not given.")] = "",
    simulated: Annotated[
        bool, typer.Option("--simulated", help="A program works under it; reports of studies say so.")
    ] = False,
    data: DataDir = DEFAULT_DATA,
) -> None:
    """Add an account; the password is asked for, or read from standard input."""
    from server.users.service import create_user

    password = ask_password()
    with open_database(data, create=True) as database, database.write() as session:
        user = create_user(session, username, name or username, password, role, simulated)
    console.print(f"added {user.username} ({user.role})")


@app.command()
def passwd(username: Username, data: DataDir = DEFAULT_DATA) -> None:
    """Give an account a new password; it is signed out everywhere."""
    from server.users.service import set_password

    password = ask_password()
    with open_database(data) as database, database.write() as session:
        user = set_password(session, username, password)
    console.print(f"changed the password of {user.username}")


@app.command("list")
def list_(data: DataDir = DEFAULT_DATA, as_json: AsJson = False) -> None:
    """List the accounts."""
    from server.users.service import list_users

    users = []
    with open_database(data) as database, database.read() as session:
        after = None
        while True:
            page = list_users(session, after)
            users.extend(page.items)
            after = page.next
            if after is None:
                break
    columns = ("username", "name", "role", "active", "simulated", "created_at")
    rows = [
        (u.username, u.name, str(u.role), u.active, u.simulated, u.created_at.isoformat(timespec="seconds"))
        for u in users
    ]
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        print_table(columns, rows)
