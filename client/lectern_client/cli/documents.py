"""`lectern upload`."""

from pathlib import Path

import click

from lectern_client.cli.jobs import follow
from lectern_client.cli.options import as_json, pass_lectern
from lectern_client.cli.screen import out, print_json
from lectern_client.client import Lectern

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.option("--course", default="", help="Add them to this course.")
@click.option("--title", default="", help="Make a new course of them, with chapters and quizzes.")
@click.option("--wait/--no-wait", default=True, show_default=True, help="Follow the jobs until they have ended.")
@as_json
@pass_lectern
@click.pass_context
def upload(
    ctx: click.Context,
    lectern: Lectern,
    files: tuple[Path, ...],
    course: str,
    title: str,
    wait: bool,
    as_json: bool,
) -> None:
    """Upload documents (PDF, PPTX, DOCX, Markdown, HTML) into a course, or as a new one. For teachers."""
    if bool(course) == bool(title):
        raise click.UsageError("Say either --course, or --title for a new one.")
    documents = lectern.documents
    taken = documents.upload(course, *files) if course else documents.upload_course(title, *files)
    if as_json:
        print_json(taken)
    else:
        out.print(f"{taken.course}: {len(taken.documents)} documents", soft_wrap=True, markup=False)
    if wait and not follow(lectern, [job.name for job in taken.jobs], as_json=as_json):
        ctx.exit(1)
