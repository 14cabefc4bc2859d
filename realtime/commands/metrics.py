"""`metrics --verify`: do the figures agree with what happened?"""

from __future__ import annotations

import click

from realtime.commands.options import data_option, json_option
from realtime.commands.output import print_json
from realtime.server.exit_codes import ExitCode


@click.command("metrics", short_help="Count the support desk's figures again.")
@click.option("--verify", is_flag=True, required=True, help="Count again from what happened, and compare.")
@json_option
@data_option
def metrics(*, verify: bool, as_json: bool, data: str | None) -> ExitCode:
    """
    Check the samples and the sums of each day, which the figures are made of, against
    conversations, cycles, messages and ratings.

    Ends with 1 where something disagrees, and says what.

    \b
      realtime metrics --verify
    """
    from realtime.commands.client import ask

    report = ask(data, lambda client: client.get("/api/v1/metrics/verify/"))
    if as_json:
        print_json(report)
    else:
        looked_at = ", ".join(f"{report[name]} {name}" for name in ("conversations", "messages", "samples", "days"))
        if report["ok"]:
            click.echo(f"The metrics agree with what happened: {looked_at}.")
        else:
            click.echo(f"The metrics DISAGREE in {report['disagreed']} places: {looked_at}.")
            for each in report["disagreements"]:
                click.echo(f"  {each['what']}: {each['recounted']} by the recount, {each['stored']} stored")
            if more := report["disagreed"] - len(report["disagreements"]):
                click.echo(f"  and {more} more")
    return ExitCode.OK if report["ok"] else ExitCode.FAILED
