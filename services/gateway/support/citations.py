"""Where an answer stands in its sources: what it cites or quotes is looked up, set to the second, or left out."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence

import regex

from kit.words.scripts import is_dense
from kit.words.terms import words
from services.gateway.model import Citation, Passage, Support
from services.gateway.support.checking import CheckedSentence
from services.gateway.support.places import citation_at, nearest, quoted_at, whole
from services.gateway.support.prose import prose_of
from services.gateway.support.sentences import LONGEST_ANSWER, Sentence, sentences_of
from services.gateway.support.sources import source_of
from services.gateway.support.verdicts import ORDER

QUOTED = regex.compile(
    r"(?:(?<![\p{L}\p{N}])\"|[“”„«‹])([^\"“”„«»‹›]{6,400})[\"“”»›]|»([^»«]{6,400})«|「([^「」]{4,400})」|『([^『』]{4,400})』|《([^《》]{6,400})》"
)
MIN_QUOTE_WORDS, MIN_QUOTE_LETTERS = 3, 12
MIN_DENSE_LETTERS = 6
FALLBACK_CITATIONS = 2


def candidates(passages: Sequence[Passage]) -> tuple[Citation, ...]:
    """The passages as citations that the model may use, numbered from 1."""
    return tuple(whole(passage, number) for number, passage in enumerate(passages, 1))


def cited(
    answer: str, question: str, passages: Sequence[Passage], checked: Sequence[CheckedSentence] = ()
) -> tuple[Citation, ...]:
    """The citations of an answer, each once and in the order of the text, with what `checked` says of their sentences.

    Markers such as `[2]` and quoted words that no source has are left out. An answer that cites nothing gets the places
    of the best sources that are nearest to the question, as RELATED and with index 0; `passages` come best first.
    """
    sentences = sentences_of(answer, len(passages))
    verdicts = {each.sentence.start: each for each in checked}
    quotes = list(_by_quotes(answer, sentences, passages, verdicts))
    found = [*_by_markers(sentences, passages, verdicts, quotes), *quotes]
    if not found:
        texts = (question, answer)
        found = [nearest(passage, texts, 0, Support.RELATED) for passage in passages[:FALLBACK_CITATIONS]]
    return tuple(_distinct(found))


def _by_markers(
    sentences: Sequence[Sentence],
    passages: Sequence[Passage],
    verdicts: dict[int, CheckedSentence],
    quotes: Sequence[Citation],
) -> Iterator[Citation]:
    """One citation for each number, where the source says most of the sentences that cite it."""
    quoted = {quote.index: quote for quote in reversed(quotes)}
    for number in dict.fromkeys(number for sentence in sentences for number in sentence.numbers):
        citing = [sentence for sentence in sentences if number in sentence.numbers]
        yield quoted.get(number) or _best_place(passages[number - 1], number, citing, verdicts)


def _best_place(
    passage: Passage, number: int, citing: Sequence[Sentence], verdicts: dict[int, CheckedSentence]
) -> Citation:
    found = [verdicts[each.start].verdicts[number] for each in citing if each.start in verdicts]
    if not found:
        return nearest(passage, [citing[0].said], number, Support.UNKNOWN)
    best = max(found, key=lambda verdict: (ORDER.index(verdict.support), verdict.copied))
    if best.stretch is None:
        return nearest(passage, [citing[0].said], number, best.support)
    return citation_at(best, best.stretch, number)


def _by_quotes(
    answer: str, sentences: Sequence[Sentence], passages: Sequence[Passage], verdicts: dict[int, CheckedSentence]
) -> Iterator[Citation]:
    starts = [sentence.start for sentence in sentences]
    for start, end, quote in _quotes(prose_of(answer[:LONGEST_ANSWER]).text):
        holding = sentences[max(0, bisect_right(starts, start) - 1) : bisect_right(starts, end)]
        checked = [verdicts[each.start].support for each in holding if each.start in verdicts]
        support = Support.SUPPORTED if set(checked) <= {Support.SUPPORTED} else Support.PARTLY
        if found := _quoted(quote, passages, [number for each in holding for number in each.numbers], support):
            yield found


def _quotes(text: str) -> Iterator[tuple[int, int, str]]:
    """Quotes of some length, each from a letter up to another; one may hold several sentences."""
    for match in QUOTED.finditer(text):
        quote = next(group for group in match.groups() if group).strip()
        least = MIN_DENSE_LETTERS if is_dense(quote) else MIN_QUOTE_LETTERS
        if len(quote) >= least and len(words(quote)) >= MIN_QUOTE_WORDS:
            yield match.start(), match.end(), quote


def _quoted(quote: str, passages: Sequence[Passage], cited: Sequence[int], support: Support) -> Citation | None:
    """The quote where a source has it, those that are cited beside it first."""
    for number in dict.fromkeys([*cited, *range(1, len(passages) + 1)]):
        source = source_of(passages[number - 1])
        place = source.said.place_of(words(quote))
        if place is not None:
            return quoted_at(source, quote, place, number, support)
    return None


def _distinct(citations: Iterable[Citation]) -> Iterator[Citation]:
    seen: set[tuple[str, str, float | None]] = set()
    for citation in citations:
        key = (citation.video_url or citation.document, citation.quote, citation.start)
        if key not in seen:
            seen.add(key)
            yield citation
