"""A report without a model: the thread's own questions, answers and citations, and no opinion about them."""

import re
from collections.abc import Iterable, Sequence

from services.threads.model import Citation, Findings, Point, State, Turn
from services.threads.service.reports.drafts import MAX_POINTS, TEXT_LENGTH
from services.threads.service.reports.material import borne_out, place, plain
from services.threads.service.titles import title_of

SENTENCE_END = re.compile(r"(?<=[.!?\u3002\uff01\uff1f])\s+")
SENTENCES = 2
PLACES = 3


def extract(turns: Sequence[Turn]) -> Findings:
    """Answered with a source counts as understood, everything else as unclear; the last turns come first."""
    latest = list(reversed(turns))[:MAX_POINTS]
    backed = [turn for turn in latest if _is_backed(turn)]
    open_ones = [turn for turn in latest if not _is_backed(turn)]
    again = [Point(f"Ask again: {_question(turn)}") for turn in open_ones[:PLACES]]
    seen = [Point(f"Look again at {place(each)}", (each,)) for each in _places(backed)]
    return Findings(
        title=title_of(turns[0].question.text),
        summary=f"Questions: {len(turns)}. Answered with a source from the course: {sum(map(_is_backed, turns))}.",
        asked=tuple(Point(_question(turn)) for turn in latest),
        understood=tuple(Point(_gist(turn), borne_out(turn)) for turn in backed),
        unclear=tuple(Point(_question(turn)) for turn in open_ones),
        next_steps=(*again, *seen),
    )


def _is_backed(turn: Turn) -> bool:
    whole = turn.state is State.COMPLETED and not turn.answer.degraded
    return whole and bool(plain(turn.answer.text)) and bool(borne_out(turn))


def _places(turns: Iterable[Turn]) -> list[Citation]:
    found = {place(citation): citation for turn in turns for citation in borne_out(turn)[:1]}
    return list(found.values())[:PLACES]


def _question(turn: Turn) -> str:
    return plain(turn.question.text)[:TEXT_LENGTH]


def _gist(turn: Turn) -> str:
    return " ".join(SENTENCE_END.split(plain(turn.answer.text))[:SENTENCES])[:TEXT_LENGTH]
