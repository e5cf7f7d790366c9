"""The gateway's check of support, over the lectures of the labelled set."""

import asyncio
from collections.abc import Sequence
from functools import lru_cache

from bench.embeddings import QUERY, embed
from bench.support.labelled_set import LabelledCue, LabelledSentence, Lecture
from bench.support.metrics import Support, Verdict
from kit.auth.caller import Caller
from services.gateway.model import Cue, Grounding, Passage, SentenceSupport
from services.gateway.support.checking import SupportCheck
from services.gateway.support.vectors import Embedded, SupportVectors

CALLER = Caller("default", "bench")
# Nobody waits here: what vectors can tell is to be seen, however busy the machine is.
SECONDS = 60.0
WORST_FIRST = (Support.NOT_FOUND, Support.PARTLY, Support.SUPPORTED)


class ServerEmbeddings:
    """Vectors from the embeddings server at a base URL."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url

    async def embed(self, caller: Caller, course: str, texts: Sequence[str]) -> Embedded:
        return Embedded("bench", await asyncio.to_thread(embed, self._base_url, texts, QUERY))


async def checked(answer: str, lecture: Lecture, vectors: SupportVectors | None) -> Sequence[SentenceSupport]:
    """What is said of each sentence of an answer that claims something, held against the lecture's passages."""
    check = SupportCheck(CALLER, grounding(lecture), vectors, SECONDS)
    try:
        return [*check.feed(answer), *await check.end()]
    finally:
        await check.close()


async def verdict(sentence: LabelledSentence, lecture: Lecture, vectors: SupportVectors | None) -> Verdict:
    """What is said of a labelled sentence; of one that is read as several, the worst."""
    found = await checked(sentence.text, lecture, vectors)
    if not found:
        return Verdict(Support.NO_CLAIM)
    worst = min(found, key=lambda each: WORST_FIRST.index(Support(each.support.value)))
    place = worst.citation
    return Verdict(Support(worst.support.value), place.start if place else None, place.end if place else None)


@lru_cache
def grounding(lecture: Lecture) -> Grounding:
    """The lecture as a turn about it is grounded."""
    passages = tuple(_passage(lecture, number, cues) for number, cues in enumerate(lecture.passages))
    return Grounding(f"courses/{lecture.id}", lecture.title, lecture.title, "answer", passages, "1")


def _passage(lecture: Lecture, number: int, cues: Sequence[LabelledCue]) -> Passage:
    return Passage(
        id=f"{lecture.id}-{number}",
        text=" ".join(cue.text for cue in cues),
        title=lecture.title,
        video_url=f"https://lectures.example/{lecture.id}",
        start=cues[0].start,
        end=cues[-1].end,
        cues=tuple(Cue(cue.start, cue.end, cue.text) for cue in cues),
    )
