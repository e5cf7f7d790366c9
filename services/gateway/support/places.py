"""Places in sources as citations: the cues or sentences that bear a sentence of an answer."""

from collections.abc import Sequence
from functools import lru_cache

from kit.words.terms import terms
from services.gateway.model import Citation, Passage, Support
from services.gateway.support.sources import PASSAGES_KEPT, Source, Stretch, source_of
from services.gateway.support.verdicts import Verdict

SHOWN_QUOTE = 280


def citation_at(verdict: Verdict, stretch: Stretch, number: int) -> Citation:
    """The stretch that a verdict names; `number` cites its source in the text. A copy is as good as a quote."""
    source, words = verdict.source, " ".join(verdict.source.parts[stretch.first : stretch.last + 1])
    return _citation(source, words, stretch.first, stretch.last, number, verdict.support, verified=verdict.copied)


def quoted_at(source: Source, quote: str, parts: range, number: int, support: Support) -> Citation:
    """Words of the answer that the source has in these parts."""
    return _citation(source, quote, parts.start, parts.stop - 1, number, support, verified=True)


@lru_cache(maxsize=PASSAGES_KEPT)
def whole(passage: Passage, number: int, support: Support = Support.UNKNOWN) -> Citation:
    """The passage as a citation, with as much of its beginning as is shown."""
    quote = passage.text if len(passage.text) <= SHOWN_QUOTE else passage.text[:SHOWN_QUOTE].rpartition(" ")[0]
    return Citation(
        quote=quote or passage.text[:SHOWN_QUOTE],
        title=passage.title,
        video_url=passage.video_url,
        start=passage.start,
        end=passage.end,
        document=passage.document,
        page=passage.page,
        index=number,
        support=support,
    )


def nearest(passage: Passage, texts: Sequence[str], number: int, support: Support) -> Citation:
    """The stretch that shares most terms with the first of the texts that shares any; else the whole passage."""
    source = source_of(passage)
    for text in texts:
        if stretch := _sharing_most(source, frozenset(terms(text, source.language))):
            words = " ".join(source.parts[stretch.first : stretch.last + 1])
            return _citation(source, words, stretch.first, stretch.last, number, support)
    return whole(passage, number, support)


def _sharing_most(source: Source, wanted: frozenset[str]) -> Stretch | None:
    best, chosen = 0, None
    for stretch in source.stretches:
        shared = len(stretch.says.content & wanted)
        if shared > best:
            best, chosen = shared, stretch
    return chosen


def _citation(
    source: Source, quote: str, first: int, last: int, number: int, support: Support, *, verified: bool = False
) -> Citation:
    passage, cues = source.passage, source.cues(first, last)
    return Citation(
        quote=quote,
        title=passage.title,
        video_url=passage.video_url,
        start=cues[0].start if cues else passage.start,
        end=cues[-1].end if cues else passage.end,
        document=passage.document,
        page=passage.page,
        verified=verified,
        index=number,
        support=support,
    )
