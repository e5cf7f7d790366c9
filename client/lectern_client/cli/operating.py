"""`lectern usage` and `lectern health`."""

import click

from lectern_client.cli.options import as_json, pass_lectern
from lectern_client.cli.screen import out, print_json, print_table
from lectern_client.client import Lectern
from lectern_client.model.operating import HealthStatus, UsageTotals


@click.command()
@click.option("--user", default="", help="Of this user; your own by default.")
@click.option("--course", default="", help="Only for this course.")
@as_json
@pass_lectern
def usage(lectern: Lectern, user: str, course: str, as_json: bool) -> None:
    """Tokens and cost of this month."""
    used = lectern.usage(user=user, course=course)
    if as_json:
        print_json(used)
        return
    rows = [(line.purpose, line.course, line.model, *_figures(line.totals)) for line in used.lines]
    titles = ("purpose", "course", "model", "calls", "prompt", "answer", "USD")
    print_table(titles, [*rows, ("in all", "", "", *_figures(used.totals))])


@click.command()
@as_json
@pass_lectern
@click.pass_context
def health(ctx: click.Context, lectern: Lectern, as_json: bool) -> None:
    """How the system is; exits with 1 where it can't serve."""
    found = lectern.health()
    if as_json:
        print_json(found)
    else:
        out.print(f"{found.status} ({found.version})", markup=False)
        rows = ((part.name, part.status, f"{part.latency_ms:.0f} ms", part.message) for part in found.dependencies)
        print_table(("part", "status", "", ""), rows)
    if found.status is HealthStatus.UNHEALTHY:
        ctx.exit(1)


def _figures(totals: UsageTotals) -> tuple[object, ...]:
    return totals.calls, totals.prompt_tokens, totals.completion_tokens, f"{totals.cost_usd:.4f}"
