"""`audit --verify`: is the audit log whole?"""

from __future__ import annotations

import click

from realtime.commands.options import data_option, json_option
from realtime.commands.output import print_json
from realtime.server.exit_codes import ExitCode


@click.command("audit", short_help="Check the audit log's chain.")
@click.option("--verify", is_flag=True, required=True, help="Follow the chain from the first entry kept to the last.")
@json_option
@data_option
def audit(*, verify: bool, as_json: bool, data: str | None) -> ExitCode:
    """
    Check that no audit entry was changed, taken out or put in between. Whoever notes the
    head elsewhere can tell later, too, whether entries were cut off the end.

    Ends with 1 where the chain is broken.

    \b
      realtime audit --verify
    """
    from realtime.commands.client import ask

    report = ask(data, lambda client: client.get("/api/v1/audit-logs/verify/"))
    if as_json:
        print_json(report)
    elif report["ok"]:
        of = f", seq {report['first']} to {report['last']}" if report["entries"] else ""
        click.echo(f"The chain is whole: {report['entries']} entries{of}.")
        click.echo(f"Its head is {report['head']}")
    else:
        click.echo(f"The chain is BROKEN at seq {report['broken']}, after {report['entries']} sound entries.")
    return ExitCode.OK if report["ok"] else ExitCode.FAILED
