"""`lectern courses` and `lectern import`."""

from itertools import islice
from pathlib import Path

import click
from rich.progress import track

from lectern_client.cli.options import as_json, limited, pass_lectern
from lectern_client.cli.screen import err, out, print_json, print_table
from lectern_client.client import Lectern
from lectern_client.errors import NotFound
from lectern_client.model.courses import ImportedVideo

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@limited
@as_json
@pass_lectern
def courses(lectern: Lectern, limit: int, as_json: bool) -> None:
    """The courses that you may ask about."""
    found = islice(lectern.courses.list(), limit)
    if as_json:
        for course in found:
            print_json(course)
    else:
        print_table(("course", "videos", "title"), ((each.name, each.video_count, each.title) for each in found))


@click.command("import")
@click.argument("course")
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.option("--video-url", required=True, help="The video's address; {stem} stands for the file's name.")
@click.option("--create", "title", default="", help="Make the course under this title where it does not exist.")
@as_json
@pass_lectern
def import_(lectern: Lectern, course: str, files: tuple[Path, ...], video_url: str, title: str, as_json: bool) -> None:
    """Import captions, a file for each video: WebVTT, SubRip, TTML, JSON, plain text and others. For teachers."""
    if len(files) > 1 and "{stem}" not in video_url:
        raise click.UsageError("Several files need several addresses: put {stem} into --video-url.")
    if title:
        _make_sure_of(lectern, course, title)
    for file in track(files, "importing", console=err, disable=as_json or len(files) == 1):
        address = video_url.replace("{stem}", file.stem)
        imported = lectern.courses.import_video(course, address, file, title=_title(file))
        print_json(imported) if as_json else _tell(file, imported)


def _make_sure_of(lectern: Lectern, course: str, title: str) -> None:
    try:
        lectern.courses.get(course)
    except NotFound:
        lectern.courses.create(title, course.removeprefix("courses/"))


def _title(file: Path) -> str:
    return file.stem.replace("-", " ").replace("_", " ").strip().capitalize()


def _tell(file: Path, imported: ImportedVideo) -> None:
    video = imported.video
    out.print(f"{file.name}: {video.cue_count} cues, {video.passage_count} passages", soft_wrap=True, markup=False)
    for warning in imported.warnings:
        err.print(f"  {warning}", style="yellow", markup=False)
