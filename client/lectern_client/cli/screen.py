"""How answers and citations look at a terminal, and how everything looks as JSON."""

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from rich.console import Console
from rich.style import Style
from rich.table import Table
from rich.text import Text

from lectern_client.model.threads import ThreadDeleted, ThreadEvent, ThreadUpdated, TurnProgress
from lectern_client.model.turns import BY_NAME, Citation, Support, TurnEvent
from lectern_client.protocol.wire import encode

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)
DOUBTS = {Support.PARTLY: "says it in part", Support.NOT_FOUND: "does not say so"}
EVENT_NAMES = {kind: name for name, kind in BY_NAME.items()}


def clock(offset: timedelta) -> str:
    """`1:02:03`, or `2:03` below an hour."""
    minutes, seconds = divmod(int(offset.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def print_citations(citations: Iterable[Citation]) -> None:
    """A line for each: its number, the second as a link, and the words; passages that nothing cites are told apart."""
    related = False
    for citation in citations:
        if citation.support is Support.RELATED and not related:
            related = True
            out.print("Related passages; the answer does not cite them:", style="dim")
        number = f"[{citation.index}] " if citation.index else "    "
        doubt = f"  ({DOUBTS[citation.support]})" if citation.support in DOUBTS else ""
        parts = ((number, "cyan"), _place(citation), f"  {citation.quote}", (doubt, "yellow"))
        out.print(Text.assemble(*parts), soft_wrap=True)


def _place(citation: Citation) -> Text:
    if not citation.video_url:
        return Text(f"{citation.title or citation.document} p. {citation.page}", "bold")
    if not out.is_terminal:
        return Text(citation.link)
    return Text(f"{citation.title} {clock(citation.start_offset)}".strip(), Style(bold=True, link=citation.link))


def print_table(titles: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """Columns; at a terminal they fit its width, elsewhere nothing is cut off."""
    if not out.is_terminal:
        for row in rows:
            out.print("\t".join(map(str, row)), soft_wrap=True, markup=False)
        return
    table = Table(*titles, box=None, header_style="bold", pad_edge=False)
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    out.print(table)


def print_json(value: Any) -> None:
    """One line, in the shape of the API."""
    out.file.write(json.dumps(encode(value), ensure_ascii=False) + "\n")
    out.file.flush()


def print_event(event: TurnEvent | ThreadEvent) -> None:
    """One line, as the API sends it."""
    print_json(_as_sent(event))


def _as_sent(event: TurnEvent | ThreadEvent) -> dict[str, Any]:
    match event:
        case TurnProgress(turn=turn, event=of_turn):
            return {"turnEvent": {"turn": turn, "event": _as_sent(of_turn)}}
        case ThreadUpdated(thread=thread):
            return {"threadUpdated": encode(thread)}
        case ThreadDeleted():
            return {"threadDeleted": {}}
    body = encode(event)
    return {"sequence": body.pop("sequence"), EVENT_NAMES[type(event)]: body}
