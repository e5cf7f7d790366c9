"""What several commands take."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from lectern_client.client import Lectern

F = TypeVar("F", bound=Callable[..., Any])

pass_lectern = click.make_pass_decorator(Lectern)


def seconds(text: str) -> float:
    """A place in a video: `83`, `1:23` or `1:02:03`."""
    total = 0.0
    try:
        for part in text.split(":"):
            total = total * 60 + float(part)
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is no time; write 83, 1:23 or 1:02:03") from error
    return total


def as_json(command: F) -> F:
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, one line for each thing.")(command)


def limited(command: F) -> F:
    return click.option("-n", "--limit", default=20, show_default=True, help="At most so many.")(command)


def about_video(command: F) -> F:
    """Where the question is asked from."""
    command = click.option(
        "--at", "position", type=seconds, metavar="TIME", help="Where the video stands, such as 1:23."
    )(command)
    return click.option("--video", "video_url", default="", help="The address of the video on screen.")(command)
