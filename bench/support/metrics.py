"""What verdicts on labelled sentences come to: precision, recall, and what was taken for what."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bench.support.labelled_set import Label, LabelledSentence, Lecture

# A place is right where it holds the labelled second, or stands beside it: claims are often said over two cues.
NEAR_SECONDS = 12.0


class Support(StrEnum):
    """What was said of a sentence; NO_CLAIM where it was not held against anything."""

    SUPPORTED = "SUPPORTED"
    PARTLY = "PARTLY"
    NOT_FOUND = "NOT_FOUND"
    NO_CLAIM = "NO_CLAIM"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was said of a sentence, and from which second to which its words were found."""

    support: Support
    start: float | None = None
    end: float | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """A labelled sentence and the verdict on it."""

    lecture: Lecture
    sentence: LabelledSentence
    verdict: Verdict

    @property
    def crossed(self) -> bool:
        """Whether sentence and lecture are in two languages."""
        return self.sentence.language != self.lecture.language

    @property
    def right_place(self) -> bool:
        second, verdict = self.sentence.second, self.verdict
        if second is None or verdict.start is None or verdict.end is None:
            return False
        return verdict.start - NEAR_SECONDS <= second <= verdict.end + NEAR_SECONDS


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    part: int
    whole: int

    def __str__(self) -> str:
        return f"{self.part / self.whole:.3f} ({self.part}/{self.whole})" if self.whole else "- (0/0)"


@dataclass(frozen=True, slots=True)
class Quality:
    """How far SUPPORTED can be believed, and how much of what is faithful gets it.

    `precision`: of the claims that got SUPPORTED, those that are faithful.
    `recall`: of the faithful, those that got it.
    `found`: of the faithful, those that got it or PARTLY.
    `placed`: of the faithful that got it, those with the right cue.
    `skipped`: of the sentences that claim nothing, those that were not held against anything.
    """

    precision: Share
    recall: Share
    found: Share
    placed: Share
    skipped: Share


def quality(judged: Iterable[Judged]) -> Quality:
    """The quality of these verdicts together."""
    rows = list(judged)
    claims = [row for row in rows if row.sentence.label is not Label.NO_CLAIM]
    faithful = [row for row in claims if row.sentence.label is Label.FAITHFUL]
    right = [row for row in faithful if row.verdict.support is Support.SUPPORTED]
    supported = [row for row in claims if row.verdict.support is Support.SUPPORTED]
    found = [row for row in faithful if row.verdict.support in {Support.SUPPORTED, Support.PARTLY}]
    idle = [row for row in rows if row.sentence.label is Label.NO_CLAIM]
    return Quality(
        precision=Share(len(right), len(supported)),
        recall=Share(len(right), len(faithful)),
        found=Share(len(found), len(faithful)),
        placed=Share(sum(row.right_place for row in right), len(right)),
        skipped=Share(sum(row.verdict.support is Support.NO_CLAIM for row in idle), len(idle)),
    )


def confusion(judged: Iterable[Judged]) -> dict[Label, Counter[Support]]:
    """How often each label got each verdict; every label has a row."""
    rows: dict[Label, Counter[Support]] = {label: Counter() for label in Label}
    for row in judged:
        rows[row.sentence.label][row.verdict.support] += 1
    return rows


def by_language(judged: Iterable[Judged]) -> dict[str, Sequence[Judged]]:
    """By the language of the lecture; what is said in another language has a row of its own, `crossed`."""
    rows: dict[str, list[Judged]] = {}
    for row in judged:
        rows.setdefault("crossed" if row.crossed else row.lecture.language, []).append(row)
    return dict(sorted(rows.items()))


def mistaken(judged: Iterable[Judged]) -> list[Judged]:
    """What got SUPPORTED and is not faithful, and what is faithful and was not found."""
    return [
        row
        for row in judged
        if row.sentence.label is not Label.NO_CLAIM
        and (row.verdict.support is Support.SUPPORTED, row.sentence.label is Label.FAITHFUL)
        in {(True, False), (False, True)}
        and not (row.sentence.label is Label.FAITHFUL and row.verdict.support is Support.PARTLY)
    ]
