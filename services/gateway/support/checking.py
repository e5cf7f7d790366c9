"""Checks the sentences of one answer while it is written."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import structlog

from kit.auth.caller import Caller
from kit.words.languages import language_of
from services.gateway.model import Grounding, SentenceSupport, Support
from services.gateway.support.claims import is_claim
from services.gateway.support.clauses import Clause, clauses, joined
from services.gateway.support.places import citation_at
from services.gateway.support.sentences import Sentence, SentenceReader
from services.gateway.support.sources import source_of
from services.gateway.support.vectors import MOST_CLAIMS, SupportVectors
from services.gateway.support.verdicts import MOST_SHARED, ORDER, Vectors, Verdict, by_meaning, by_words

# A sentence that cites nothing is held against all passages by its words, and against so many by its meaning.
SOURCES_BY_MEANING = 2
# Sentences are gathered for so long before their vectors are asked for: a call for each costs as much as one for all.
GATHERED_SECONDS = 1.0
# What is longer is no sentence of an answer, and what follows so many is no answer that anybody reads to its end.
LONGEST_SENTENCE, MOST_SENTENCES = 2000, 512

log = structlog.get_logger()


@dataclass(frozen=True)
class CheckedSentence:
    """A sentence that claims something, with a verdict for each source that it is held against, by number."""

    sentence: Sentence
    says: Clause
    language: str
    verdicts: dict[int, Verdict]

    @cached_property
    def best(self) -> int:
        """The number of the source that says most of it; of equals the first."""
        return max(self.verdicts, key=lambda number: (ORDER.index(self.verdicts[number].support), -number))

    @property
    def support(self) -> Support:
        return self.verdicts[self.best].support

    @property
    def settled(self) -> bool:
        """Whether meaning would change nothing: a copy, or many words of a source, of which likeness does not tell."""
        return self.verdicts[self.best].copied or max(each.share for each in self.verdicts.values()) >= MOST_SHARED

    def told(self) -> SentenceSupport:
        """As it stands in the turn: with the place that bears it, unless nothing does."""
        verdict = self.verdicts[self.best]
        citation = None
        if verdict.stretch is not None and verdict.support is not Support.NOT_FOUND:
            number = self.best if self.best in self.sentence.numbers else 0
            citation = citation_at(verdict, verdict.stretch, number)
        return SentenceSupport(self.sentence.text, self.sentence.start, verdict.support, citation)


class SupportCheck:
    """Holds sentences against the passages that the model was given: at once by words, later by meaning."""

    def __init__(self, caller: Caller, grounding: Grounding, vectors: SupportVectors | None, seconds: float) -> None:
        """`seconds` is how long the end of an answer may wait for vectors; None for these leaves it to words."""
        self._caller, self._course = caller, grounding.course
        self._sources = dict(enumerate(map(source_of, grounding.passages), 1))
        self._reader = SentenceReader(len(self._sources))
        self._vectors, self._seconds = vectors, seconds
        self._open: list[CheckedSentence] = []
        self._asking: asyncio.Task[list[CheckedSentence]] | None = None
        self._open_since = 0.0
        self._count = 0
        self.checked: list[CheckedSentence] = []

    def stop(self) -> None:
        """What follows is no model's answer: the passages themselves."""
        self._sources = {}

    def feed(self, text: str) -> list[SentenceSupport]:
        """What is known now of the sentences that the text finishes, and of earlier ones that waited for vectors."""
        try:
            return self._fed(text)
        except Exception:
            return self._failed()

    async def end(self) -> list[SentenceSupport]:
        """What is known of all the rest, by meaning where that comes in time, else by words."""
        try:
            return await self._ended()
        except Exception:
            return self._failed()

    def _failed(self) -> list[SentenceSupport]:
        """A fault in here costs the marks of an answer, never the answer."""
        log.exception("support_check_failed")
        self.stop()
        self._open = []
        return []

    def _fed(self, text: str) -> list[SentenceSupport]:
        settled = self._settled(self._reader.feed(text))
        if self._asking is not None and self._asking.done():
            done, self._asking = self._asking, None
            settled += done.result()
        if self._open and self._asking is None and time.monotonic() - self._open_since >= GATHERED_SECONDS:
            asked, self._open = self._open, []
            self._asking = asyncio.create_task(self._by_meaning(asked))
        return self._tell(settled)

    async def _ended(self) -> list[SentenceSupport]:
        settled = self._settled(self._reader.end())
        asked = [self._asking] if self._asking is not None else []
        if self._open:
            asked.append(asyncio.create_task(self._by_meaning(self._open)))
        for found in await asyncio.gather(*asked):
            settled += found
        self._asking, self._open = None, []
        return self._tell(settled)

    @property
    def sentences(self) -> tuple[SentenceSupport, ...]:
        """What was told, in the order of the text."""
        return tuple(each.told() for each in sorted(self.checked, key=lambda each: each.sentence.start))

    async def close(self) -> None:
        """Ends what is still asked for."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)

    def _settled(self, sentences: Sequence[Sentence]) -> list[CheckedSentence]:
        """Those that words settle; the others are kept open."""
        checked = [each for sentence in sentences if (each := self._by_words(sentence))]
        if self._vectors is None:
            return checked
        if not self._open:
            self._open_since = time.monotonic()
        self._open += (each for each in checked if not each.settled)
        return [each for each in checked if each.settled]

    def _by_words(self, sentence: Sentence) -> CheckedSentence | None:
        """None for what claims nothing, or where there is nothing to hold it against."""
        numbers = tuple(number for number in sentence.numbers or self._sources if number in self._sources)
        if not numbers or len(sentence.said) > LONGEST_SENTENCE or self._count >= MOST_SENTENCES:
            return None
        language = language_of(sentence.said, likely=self._sources[numbers[0]].language)
        if not is_claim(sentence.said, language):
            return None
        self._count += 1
        says = joined(clauses(sentence.said, language))
        return CheckedSentence(
            sentence, says, language, {number: by_words(says, self._sources[number]) for number in numbers}
        )

    async def _by_meaning(self, asked: Sequence[CheckedSentence]) -> list[CheckedSentence]:
        """As many as may be asked at once by their meaning; all as they are where that fails or takes too long."""
        near = [n for n in dict.fromkeys(n for each in asked for n in _near(each)) if self._sources[n].stretches]
        try:
            async with asyncio.timeout(self._seconds):
                cosines = await self._cosines(asked[:MOST_CLAIMS], near)
            found = [
                self._with_meaning(each, dict(zip(near, rows, strict=True)))
                for each, rows in zip(asked, cosines or (), strict=False)
            ]
        except TimeoutError:
            found = []
        except Exception as error:
            log.warning("support_by_meaning_failed", error=repr(error))
            found = []
        return [*found, *asked[len(found) :]]

    async def _cosines(
        self, asked: Sequence[CheckedSentence], near: Sequence[int]
    ) -> Sequence[Sequence[Vectors]] | None:
        if self._vectors is None or not near:
            return None
        said = [each.sentence.said for each in asked]
        return await self._vectors.cosines(self._caller, self._course, said, [self._sources[n] for n in near])

    def _with_meaning(self, checked: CheckedSentence, cosines: dict[int, Vectors]) -> CheckedSentence:
        share = max(verdict.share for verdict in checked.verdicts.values())
        verdicts = {
            number: by_meaning(checked.says, checked.language, checked.verdicts[number], cosines[number], share)
            for number in _near(checked)
            if number in cosines
        }
        return replace(checked, verdicts={**checked.verdicts, **verdicts})

    def _tell(self, settled: Sequence[CheckedSentence]) -> list[SentenceSupport]:
        self.checked += settled
        return [each.told() for each in settled]


def _near(checked: CheckedSentence) -> Sequence[int]:
    """The sources that are worth asking for vectors: all that are cited, else the best by words and the first."""
    numbers = list(checked.verdicts)
    return numbers if checked.sentence.numbers else list(dict.fromkeys([checked.best, *numbers]))[:SOURCES_BY_MEANING]
