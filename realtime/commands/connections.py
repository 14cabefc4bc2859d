"""`connections`: who is connected, as a table that refreshes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import click

from realtime.commands.options import data_option, json_option
from realtime.commands.output import note, print_json, print_table, table

if TYPE_CHECKING:
    from realtime.commands.client import Client

PATH: Final = "/api/v1/websockets/"

INTERVAL: Final = 2.0
"""Seconds between two looks."""

_COLUMNS: Final = (
    *("id", "user", "status", "dialect", "channels", "remote", "connected_at", "last_seen"),
    *("lag", "queued_bytes", "rtt_ms", "close_code", "close_reason"),
)
_LIVE: Final = _COLUMNS[:11]


@click.command("connections", short_help="Show who is connected.")
@click.option("--user", metavar="NAME", help="Connections of this user alone.")
@click.option("--status", metavar="STATUS", help="Ativa (also: active) or Inativa (inactive). [default: Ativa]")
@click.option("--dialect", metavar="NAME", help="Connections that speak it: channels, dashboard, chat, sse, …")
@click.option("--channel", metavar="NAME", help="Connections that listen to this channel.")
@click.option("--once", is_flag=True, help="Print the table once; so it does where its output is no terminal.")
@json_option
@data_option
def connections(*, once: bool, as_json: bool, data: str | None, **given: str | None) -> None:
    """
    Show who is connected, how far each is behind, and how long it takes to answer: a table
    that refreshes until Ctrl-C (exit 130).

    \b
      realtime connections
      realtime connections --user ana
      realtime connections --status inactive --once
      realtime connections --json | jq '.[] | select(.lag > 1000)'
    """
    from rich.console import Console

    from realtime.commands.client import ask

    query = {name: value for name, value in given.items() if value}
    query.setdefault("status", "Ativa")
    columns = _LIVE if query["status"].lower().startswith("a") else _COLUMNS
    if as_json or once or not Console().is_terminal:
        rows = ask(data, lambda client: client.list(PATH, **query))
        print_json(rows) if as_json else print_table(columns, rows)
        return
    ask(data, lambda client: _watch(client, columns, query))


async def _watch(client: Client, columns: tuple[str, ...], query: dict[str, str]) -> None:
    """Draw the table anew every INTERVAL. Without a server that runs there is nothing to wait for."""
    from rich.live import Live

    if not client.borrowed:
        note("realtime: no server runs on this folder; these are the connections that it had")
        print_table(columns, await client.list(PATH, **query))
        return
    with Live(screen=False, auto_refresh=False, vertical_overflow="visible") as live:
        while True:
            live.update(table(columns, await _rows(client, query, live.console.height)), refresh=True)
            await asyncio.sleep(INTERVAL)


async def _rows(client: Client, query: dict[str, str], height: int) -> list[dict[str, Any]]:
    """As many rows as fit on the screen, the newest first."""
    page = await client.get(PATH, **query, ordering="-id", limit=str(max(1, height - 4)))
    rows: list[dict[str, Any]] = page["results"]
    return rows
