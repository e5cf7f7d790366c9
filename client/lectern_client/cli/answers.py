from collections.abc import Iterable

from rich.status import Status

from lectern_client.cli.screen import err, out, print_citations
from lectern_client.model.turns import Completed, Delta, Failed, Notice, Started, Support, Turn, TurnEvent

WORTH_TELLING = {"queued", "waiting", "provider_switched", "continued", "degraded"}


class Answer:
    """An answer, shown while it comes: the text on stdout, what else is to be said on stderr."""

    def __init__(self) -> None:
        self.turn = ""
        self.cut = ""  # the turn, where its answer was cut
        self.completed = False

    def show(self, events: Iterable[TurnEvent]) -> None:
        with err.status("…") as status:
            for event in events:
                self._show(event, status)

    def _show(self, event: TurnEvent, status: Status) -> None:
        match event:
            case Started(turn=turn):
                self.turn = turn
            case Delta(text=text):
                status.stop()
                out.out(text, end="", highlight=False)
            case Notice(kind=kind, text=text) if kind in WORTH_TELLING:
                err.print(f"({text})", style="dim", markup=False)
            case Failed(message=message, reason=reason):
                err.print(f"\n{message} ({reason})", style="red", markup=False)
            case Completed(turn=turn):
                self.completed = True
                self.cut = turn.name if turn.cut else ""
                _end(turn)


def _end(turn: Turn) -> None:
    out.print()
    if turn.degraded:
        err.print("No model answered; these are the passages themselves.", style="yellow")
    unfounded = sum(each.support is Support.NOT_FOUND for each in turn.sentences)
    if unfounded:
        err.print(f"{unfounded} of {len(turn.sentences)} statements were not found in the course.", style="yellow")
    if turn.cut:
        err.print("The answer was cut at its limit; /more goes on with it in a chat.", style="yellow")
    if turn.citations:
        out.print()
        print_citations(turn.citations)
