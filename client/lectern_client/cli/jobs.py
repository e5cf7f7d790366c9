"""`lectern jobs`, and jobs that are waited for."""

from collections.abc import Iterable
from itertools import islice

import click
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from lectern_client.cli.options import as_json, limited, pass_lectern
from lectern_client.cli.screen import err, out, print_json, print_table
from lectern_client.client import Lectern
from lectern_client.model.jobs import Job, JobState

STATES = click.Choice([state for state in JobState if state is not JobState.UNSPECIFIED], case_sensitive=False)


@click.group()
def jobs() -> None:
    """Work that goes on after its request: reports, uploads, quizzes."""


@jobs.command("list")
@click.option("--state", type=STATES, help="Only those in this state.")
@click.option("--kind", default="", help="Only those of this kind.")
@limited
@as_json
@pass_lectern
def list_(lectern: Lectern, state: str | None, kind: str, limit: int, as_json: bool) -> None:
    """Jobs, newest first."""
    found = islice(lectern.jobs.list(state=JobState(state) if state else None, kind=kind), limit)
    if as_json:
        for job in found:
            print_json(job)
    else:
        print_table(("job", "kind", "state", "", "message"), map(_row, found))


@jobs.command()
@click.argument("job")
@as_json
@pass_lectern
def show(lectern: Lectern, job: str, as_json: bool) -> None:
    """One job, with its steps."""
    found = lectern.jobs.get(job)
    if as_json:
        print_json(found)
        return
    print_table(("job", "kind", "state", "", "message"), [_row(found)])
    print_table(("step", "state", "message"), ((step.name, step.state, step.message) for step in found.steps))
    tell_end(found)


@jobs.command()
@click.argument("job")
@as_json
@pass_lectern
@click.pass_context
def watch(ctx: click.Context, lectern: Lectern, job: str, as_json: bool) -> None:
    """Follow a job until it has ended."""
    if not follow(lectern, [job], as_json=as_json):
        ctx.exit(1)


@jobs.command()
@click.argument("job")
@pass_lectern
def cancel(lectern: Lectern, job: str) -> None:
    """End a job that waits, or ask one that runs to stop."""
    tell_end(lectern.jobs.cancel(job))


@jobs.command()
@click.argument("job")
@pass_lectern
def retry(lectern: Lectern, job: str) -> None:
    """Queue a failed or cancelled job again."""
    tell_end(lectern.jobs.retry(job))


def follow(lectern: Lectern, names: Iterable[str], *, as_json: bool = False) -> bool:
    """Shows the progress of jobs, one after another, until all have ended; whether all succeeded."""
    columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn()
    ended = []
    with Progress(*columns, TextColumn("{task.fields[message]}"), console=err, disable=as_json) as progress:
        for name in names:
            task = progress.add_task(name, total=100, message="")
            for job in lectern.jobs.watch(name):
                progress.update(task, description=job.kind, completed=job.progress, message=job.message)
                if as_json:
                    print_json(job)
            ended.append(job)
    if not as_json:
        for job in ended:
            tell_end(job)
    return all(job.state is JobState.SUCCEEDED for job in ended)


def tell_end(job: Job) -> None:
    """A line: how the job stands, and what it made or why not."""
    out.print(f"{job.name} {job.state}", soft_wrap=True, markup=False)
    for name, value in job.result.items():
        out.print(f"  {name}: {value}", soft_wrap=True, markup=False)
    if job.error:
        err.print(f"  {job.error.message} ({job.error.reason})", style="red", markup=False)


def _row(job: Job) -> tuple[object, ...]:
    return job.name, job.kind, job.state, f"{job.progress}%", job.message
