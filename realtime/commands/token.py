"""`token create|list|revoke`: secrets for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from realtime.commands.failure import Failure
from realtime.commands.options import data_option, json_option
from realtime.commands.output import note, print_json, print_table
from realtime.policy import ASSIGNABLE, Action

if TYPE_CHECKING:
    from realtime.commands.client import Client

_ROLE = click.Choice([str(role) for role in ASSIGNABLE])
_VERB = click.Choice([str(action) for action in Action])
_COLUMNS = ("id", "user", "name", "role", "channels", "verbs", "expires_at", "revoked_at")


@click.group("token", short_help="Make, list and revoke tokens.")
def token() -> None:
    """
    Secrets for programs. A token is shown once; the server keeps only a digest of it.

    \b
      TOKEN=$(realtime token create --user ana --role agent)
      curl -H "Authorization: Bearer $TOKEN" http://localhost:8000/api/v1/sensors/
    """


@token.command("create", short_help="Make a token.")
@click.option(
    "--user", required=True, metavar="NAME", help="Whose token it is; made, with --role, where there is none."
)
@click.option("--role", type=_ROLE, help="What it may do, at most what its user may. [default: the user's role]")
@click.option("--name", metavar="TEXT", help="What it is for; shown in lists.")
@click.option(
    "--days", type=click.IntRange(1, 36_500), help="How long it is good. [default: $REALTIME_TOKEN_DAYS, or 90]"
)
@click.option("--channel", "channels", multiple=True, metavar="NAME", help="Only this channel; repeatable.")
@click.option("--verb", "verbs", multiple=True, type=_VERB, help="Only this verb; repeatable.")
@json_option
@data_option
def create(*, data: str | None, as_json: bool, channels: tuple[str, ...], verbs: tuple[str, ...], **given: Any) -> None:
    """
    Make a token and print it, alone, on standard output: it is shown this once.

    \b
      realtime token create --user ana --role agent
      realtime token create --user boiler --role device --channel heating --days 365
    """
    from realtime.commands.client import ask

    body = {name: value for name, value in given.items() if value is not None}
    # Without a role a name that nobody has is more likely a slip than a wish.
    body |= {"make_user": given["role"] is not None, "channels": list(channels) or None, "verbs": list(verbs) or None}

    async def question(client: Client) -> tuple[Any, bool]:
        known = not body["make_user"] or await _is_known(client, body["user"])
        return await client.post("/api/v1/tokens/", body), known

    made, known = ask(data, question, create=True)
    if not known and made["user"].casefold() == body["user"].casefold():
        note(f"realtime: there was no user {made['user']}; made it, as {made['role']}")
    if as_json:
        print_json(made)
    else:
        click.echo(made["token"])
        note(f"Token {made['id']} of {made['user']} ({made['role']}), good until {made['expires_at']}.")


@token.command("list", short_help="List the tokens.")
@click.option("--revoked", is_flag=True, help="Those that were revoked, instead of the others.")
@json_option
@data_option
def list_tokens(*, revoked: bool, as_json: bool, data: str | None) -> None:
    """
    List the tokens of all users; never their secrets, which nobody knows any more.

    \b
      realtime token list
      realtime token list --revoked --json
    """
    from realtime.commands.client import ask

    rows = ask(data, lambda client: client.list("/api/v1/tokens/", revoked=str(revoked).lower()))
    if as_json:
        print_json(rows)
    else:
        print_table(_COLUMNS, rows)


@token.command("revoke", short_help="Revoke a token.")
@click.argument("id", type=click.IntRange(1))
@data_option
def revoke(id: int, data: str | None) -> None:
    """
    Revoke a token for good; its open sockets are closed. `token list` shows the ids.

    \b
      realtime token revoke 7
    """
    from realtime.commands.client import ask

    ask(data, lambda client: client.delete(f"/api/v1/tokens/{id}/"))
    click.echo(f"token {id} is revoked")


async def _is_known(client: Client, user: str) -> bool:
    try:
        return bool(await client.list("/api/v1/users/", name=user))
    except Failure:
        # Only an admin sees users, and only for an admin one is made.
        return True
