"""`lectern threads`."""

import html
import re
from itertools import islice

import click

from lectern_client.cli.jobs import follow
from lectern_client.cli.options import as_json, limited, pass_lectern
from lectern_client.cli.screen import out, print_citations, print_event, print_json, print_table
from lectern_client.client import Lectern
from lectern_client.model.threads import Message, Role, ThreadEvent, ThreadUpdated, TurnProgress
from lectern_client.model.turns import Completed, Failed


@click.group()
def threads() -> None:
    """Conversations: list, read, search, watch."""


@threads.command("list")
@click.option("--course", default="", help="Only those about this course.")
@limited
@as_json
@pass_lectern
def list_(lectern: Lectern, course: str, limit: int, as_json: bool) -> None:
    """Threads, the last used first."""
    found = islice(lectern.threads.list(course), limit)
    if as_json:
        for thread in found:
            print_json(thread)
    else:
        rows = ((each.name, each.course, each.message_count, each.title) for each in found)
        print_table(("thread", "course", "messages", "title"), rows)


@threads.command()
@click.argument("thread")
@as_json
@pass_lectern
def show(lectern: Lectern, thread: str, as_json: bool) -> None:
    """What was said."""
    for message in lectern.threads.messages(thread):
        if as_json:
            print_json(message)
        else:
            _print_message(message)


@threads.command()
@click.argument("words", nargs=-1, required=True)
@click.option("--course", default="", help="Only in threads about this course.")
@limited
@as_json
@pass_lectern
def search(lectern: Lectern, words: tuple[str, ...], course: str, limit: int, as_json: bool) -> None:
    """Messages that have these words, best first."""
    found = islice(lectern.threads.search(" ".join(words), course), limit)
    if as_json:
        for result in found:
            print_json(result)
    else:
        print_table(("thread", "found"), ((each.thread.name, _plain(each.snippet)) for each in found))


@threads.command()
@click.argument("thread")
@click.argument("title")
@pass_lectern
def rename(lectern: Lectern, thread: str, title: str) -> None:
    """Give a thread a title."""
    renamed = lectern.threads.update(thread, title=title)
    out.print(f"{renamed.name} {renamed.title}", soft_wrap=True, markup=False)


@threads.command()
@click.argument("thread")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_lectern
def delete(lectern: Lectern, thread: str, yes: bool) -> None:
    """Delete a thread with everything in it."""
    if not yes:
        click.confirm(f"Delete {thread} for good?", abort=True)
    lectern.threads.delete(thread)


@threads.command()
@click.argument("thread")
@as_json
@pass_lectern
def watch(lectern: Lectern, thread: str, as_json: bool) -> None:
    """Everything that happens in a thread from now on."""
    for event in lectern.threads.watch(thread):
        if as_json:
            print_event(event)
        elif line := _line(event):
            out.print(line, soft_wrap=True, markup=False)


@threads.command()
@click.argument("thread")
@as_json
@pass_lectern
@click.pass_context
def report(ctx: click.Context, lectern: Lectern, thread: str, as_json: bool) -> None:
    """Have a report written, and print it."""
    job = lectern.threads.report(thread)
    if not follow(lectern, [job.name], as_json=as_json):
        ctx.exit(1)
    written = lectern.reports.get(lectern.jobs.get(job.name).result["report"])
    if as_json:
        print_json(written)
    else:
        out.print(written.markdown, soft_wrap=True, markup=False)


def _print_message(message: Message) -> None:
    who, style = ("you", "bold") if message.role is Role.USER else ("lectern", "bold cyan")
    out.print(who, style=style)
    out.print(message.text, soft_wrap=True, markup=False)
    print_citations(message.citations)
    out.print()


def _plain(snippet: str) -> str:
    return html.unescape(re.sub(r"</?mark>", "", snippet))


def _line(event: ThreadEvent) -> str:
    match event:
        case TurnProgress(event=Completed(turn=turn)):
            return f"? {turn.question}\n{turn.answer}\n"
        case TurnProgress(event=Failed(message=message)):
            return f"! {message}"
        case ThreadUpdated(thread=thread):
            return f"# {thread.title}"
    return ""
