"""`publish CHANNEL [DATA|-]`: an event on a channel of one's own."""

from __future__ import annotations

import sys
from urllib.parse import quote

import click

from realtime.commands.failure import Failure
from realtime.commands.options import data_option, json_option
from realtime.commands.output import print_json
from realtime.server.exit_codes import ExitCode


@click.command("publish", short_help="Publish to a channel.")
@click.argument("channel")
@click.argument("content", metavar="[DATA|-]", default="-")
@json_option
@data_option
def publish(channel: str, content: str, *, as_json: bool, data: str | None) -> None:
    """
    Publish DATA to a channel of your own and print the event's seq; without DATA, or with
    -, standard input is published as one event. What begins with { or [ is JSON; anything
    else is a text.

    \b
      realtime publish heating '{"target": 21.5}'
      date | realtime publish clock
    """
    from realtime.commands.client import ask

    body = sys.stdin.buffer.read() if content == "-" else content.encode("utf-8", "surrogateescape")
    if not body:
        raise Failure("there is nothing to publish: the data is empty", ExitCode.USAGE)
    path = f"/api/v1/channels/{quote(channel, safe='')}"
    made = ask(data, lambda client: client.post(path, body), create=True)
    if as_json:
        print_json(made)
    else:
        click.echo(made["seq"])
