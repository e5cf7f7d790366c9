"""`lectern ask` and `lectern chat`."""

from collections.abc import Iterable

import click

from lectern_client.cli.answers import Answer
from lectern_client.cli.options import about_video, as_json, pass_lectern
from lectern_client.cli.screen import err, out, print_event
from lectern_client.client import Lectern
from lectern_client.errors import ConnectionFailed, LecternError
from lectern_client.model.turns import Completed, TurnEvent

MORE = "/more"


@click.command()
@click.argument("course")
@click.argument("question", nargs=-1, required=True)
@about_video
@as_json
@pass_lectern
@click.pass_context
def ask(
    ctx: click.Context,
    lectern: Lectern,
    course: str,
    question: tuple[str, ...],
    video_url: str,
    position: float | None,
    as_json: bool,
) -> None:
    """Ask one question, and read the answer as it comes."""
    events = lectern.ask(course, " ".join(question), video_url=video_url, position=position)
    if not (_all_as_json(events) if as_json else _shown(events).completed):
        ctx.exit(1)


@click.command()
@click.argument("course")
@about_video
@pass_lectern
def chat(lectern: Lectern, course: str, video_url: str, position: float | None) -> None:
    """Talk about a course. Ctrl-C stops an answer, Ctrl-D ends."""
    title = lectern.courses.get(course).title
    err.print(f"{title}. Ctrl-C stops an answer, Ctrl-D ends.", style="dim", markup=False)
    answer = Answer()
    while question := _next_question():
        continues = answer.cut if question == MORE else ""
        answer = Answer()
        try:
            answer.show(_asked(lectern, course, question, video_url, position, continues))
        except KeyboardInterrupt:
            _stop(lectern, answer)
        except ConnectionFailed:
            raise
        except LecternError as error:
            err.print(str(error), style="red", markup=False)


def _asked(
    lectern: Lectern, course: str, question: str, video_url: str, position: float | None, continues: str
) -> Iterable[TurnEvent]:
    if continues:
        return lectern.ask(course, "", continues=continues)
    return lectern.ask(course, question, video_url=video_url, position=position)


def _all_as_json(events: Iterable[TurnEvent]) -> bool:
    """Whether the turn completed."""
    last: TurnEvent | None = None
    for last in events:
        print_event(last)
    return isinstance(last, Completed)


def _shown(events: Iterable[TurnEvent]) -> Answer:
    answer = Answer()
    answer.show(events)
    return answer


def _next_question() -> str:
    """What was typed, asked for again while it is blank; empty at the end."""
    try:
        while not (text := out.input("\n[bold]?[/bold] ").strip()):
            pass
    except (EOFError, KeyboardInterrupt):
        out.print()
        return ""
    return text


def _stop(lectern: Lectern, answer: Answer) -> None:
    out.print()
    if answer.turn:
        lectern.cancel(answer.turn)
    err.print("Stopped; what was said is kept.", style="dim")
