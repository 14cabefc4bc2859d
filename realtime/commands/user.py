"""`user add|list|disable|link|password`: who may sign in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from realtime.commands.failure import Failure
from realtime.commands.options import data_option, json_option
from realtime.commands.output import note, print_json, print_table
from realtime.commands.password import read_password
from realtime.policy import ASSIGNABLE
from realtime.program import program

if TYPE_CHECKING:
    from realtime.commands.client import Client

_ROLE = click.Choice([str(role) for role in ASSIGNABLE])
_COLUMNS = ("id", "name", "role", "active", "created_at")


@click.group("user", short_help="Make, list and disable users; give them a way to sign in.")
def user() -> None:
    """
    Who may sign in, and as what.

    A viewer reads; an agent also does the work of the support desk and of the sensor
    system; a device reports readings; an admin may do everything.

    \b
      realtime user add ana --role agent
      realtime user link ana
    """


@user.command("add", short_help="Make a user.")
@click.argument("name")
@click.option("--role", type=_ROLE, default="viewer", show_default=True, help="What the user may do.")
@json_option
@data_option
def add(name: str, role: str, *, as_json: bool, data: str | None) -> None:
    """
    Make a user. `user link` makes a link to sign in with, `user password` sets a password.

    \b
      realtime user add ana --role agent
    """
    from realtime.commands.client import ask

    row = ask(data, lambda client: client.post("/api/v1/users/", {"name": name, "role": role}), create=True)
    if as_json:
        print_json(row)
    else:
        click.echo(f"{row['name']} ({row['role']}) is user {row['id']}")


@user.command("list", short_help="List the users.")
@json_option
@data_option
def list_users(*, as_json: bool, data: str | None) -> None:
    """
    List all users, the built-in ones and the disabled ones included.

    \b
      realtime user list
      realtime user list --json
    """
    from realtime.commands.client import ask

    rows = ask(data, lambda client: client.list("/api/v1/users/"))
    if as_json:
        print_json(rows)
    else:
        print_table(_COLUMNS, rows)


@user.command("disable", short_help="Revoke all that a user has.")
@click.argument("name")
@data_option
def disable(name: str, data: str | None) -> None:
    """
    Disable a user: tokens, sign-ins and links end for good, and open sockets are closed.
    The name stays taken.

    \b
      realtime user disable ana
    """
    from realtime.commands.client import ask

    async def question(client: Client) -> dict[str, Any]:
        row = await _find(client, name)
        await client.delete(f"/api/v1/users/{row['id']}/")
        return row

    row = ask(data, question)
    click.echo(f"{row['name']} is disabled")


@user.command("link", short_help="Make a one-time sign-in link.")
@click.argument("name")
@json_option
@data_option
def link(name: str, *, as_json: bool, data: str | None) -> None:
    """
    Make a link with which a user signs in once, and print it alone on standard output. An
    earlier link of the same user is void from then on.

    \b
      realtime user link ana
    """
    from realtime.commands.client import ask

    async def question(client: Client) -> tuple[Any, bool]:
        row = await _find(client, name)
        return await client.post(f"/api/v1/users/{row['id']}/link/", {}), client.borrowed

    made, running = ask(data, question)
    if as_json:
        print_json(made)
    else:
        click.echo(made["url"])
        note(f"Good once, until {made['expires_at']}, for {made['user']}.")
    if not running:
        note(f"No server runs on this folder: start one (`{program()} serve`) before opening the link.")


@user.command("password", short_help="Set a password, or take it away.")
@click.argument("name")
@click.option("--remove", is_flag=True, help="Take it away: only sign-in links are left.")
@data_option
def password(name: str, *, remove: bool, data: str | None) -> None:
    """
    Set the password of a user: asked for twice on a terminal, without showing it, or else
    the first line of standard input. The user's sign-ins end, tokens stay.

    \b
      realtime user password ana
      realtime user password ana < secret.txt
    """
    from realtime.commands.client import ask

    async def question(client: Client, wanted: str | None) -> str:
        row = await _find(client, name)
        path = f"/api/v1/users/{row['id']}/password/"
        await (client.delete(path) if wanted is None else client.put(path, {"password": wanted}))
        return str(row["name"])

    wanted = None if remove else read_password(name)
    found = ask(data, lambda client: question(client, wanted))
    click.echo(f"{found} {'has no password any more' if remove else 'has a new password'}")


async def _find(client: Client, name: str) -> dict[str, Any]:
    rows = await client.list("/api/v1/users/", name=name)
    if not rows:
        raise Failure(f"there is no user {name}")
    return rows[0]
