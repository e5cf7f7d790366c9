"""Counting: from questions to tallies by day and video, and several tallies as one."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date

from services.threads.model import Asked, DayTally, Tally
from services.threads.service.insights.topics import topics_of

BIN_SECONDS = 10

Place = tuple[date, str]


def tallied(questions: Iterable[Asked], known: Iterable[DayTally] = ()) -> list[DayTally]:
    """What the questions add to what is known."""
    found: dict[Place, list[Tally]] = {(one.day, one.video_url): [one.tally] for one in known}
    for asked in questions:
        found.setdefault((asked.ended.date(), asked.video_url), []).append(_tally_of(asked))
    return [DayTally(day, video, merged(tallies)) for (day, video), tallies in found.items()]


def merged(tallies: Sequence[Tally]) -> Tally:
    """All of them as one."""
    bins: Counter[int] = Counter()
    counts: Counter[str] = Counter()
    words: dict[str, str] = {}
    for tally in tallies:
        bins.update(tally.bins)
        for stem, (word, count) in tally.topics.items():
            counts[stem] += count
            words.setdefault(stem, word)
    return Tally(
        questions=sum(tally.questions for tally in tallies),
        answered=sum(tally.answered for tally in tallies),
        students=frozenset().union(*(tally.students for tally in tallies)),
        bins=dict(bins),
        topics={stem: (words[stem], count) for stem, count in counts.items()},
    )


def _tally_of(asked: Asked) -> Tally:
    bins = {} if asked.position is None else {int(asked.position // BIN_SECONDS): 1}
    topics = {stem: (word, 1) for stem, word in topics_of(asked.text).items()}
    return Tally(1, int(asked.answered), frozenset({asked.user}), bins, topics)
