"""What answers come to: how far the course bears them, what they refuse, give away and cite."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.evaluation.asking import Answer
from bench.evaluation.items import Kind
from bench.evaluation.reading import given_away, in_language, markers, refuses
from bench.support.metrics import Share, Support


@dataclass(frozen=True, slots=True)
class Scored:
    """An answer with the verdicts on its sentences; what claims nothing is not among them."""

    answer: Answer
    verdicts: tuple[Support, ...]

    @property
    def refused(self) -> bool:
        return refuses(self.answer.text)

    @property
    def in_language(self) -> bool:
        return in_language(self.answer.text, self.answer.item.question.language)

    @property
    def given_away(self) -> list[str]:
        """The keys that a hint says."""
        return given_away(self.answer.text, self.answer.item.question.text, self.answer.item.keys)


@dataclass(frozen=True, slots=True)
class Score:
    """The lines of the table, of one prompt version and model.

    `supported`, `partly` and `not_found` are shares of all claims of whole answers; hints are left out of them, because
    they ask more than they say. `markers` are counted over the same claims.
    """

    model: str
    supported: Share
    partly: Share
    not_found: Share
    markers: Share
    refused_rightly: Share
    refused_wrongly: Share
    in_language: Share
    in_other_language: Share
    leaks: dict[str, Share]
    cut: Share
    failed: Share


def score(scored: Sequence[Scored]) -> Score:
    """What these answers of one model under one prompt come to."""
    whole = [row for row in scored if row.answer.item.kind is not Kind.HINT]
    verdicts = Counter(verdict for row in whole for verdict in row.verdicts)
    claims = verdicts.total()
    answerable = _of(scored, Kind.ANSWERABLE, Kind.CROSSED)
    return Score(
        model=", ".join(sorted({row.answer.model or "no model" for row in scored})),
        supported=Share(verdicts[Support.SUPPORTED], claims),
        partly=Share(verdicts[Support.PARTLY], claims),
        not_found=Share(verdicts[Support.NOT_FOUND], claims),
        markers=Share(sum(markers(row.answer.text) for row in whole), claims),
        refused_rightly=_share(row.refused for row in _of(scored, Kind.UNANSWERABLE)),
        refused_wrongly=_share(row.refused for row in answerable),
        in_language=_share(row.in_language for row in scored if row.answer.item.kind is not Kind.CROSSED),
        in_other_language=_share(row.in_language for row in _of(scored, Kind.CROSSED)),
        leaks=_leaks(_of(scored, Kind.HINT)),
        cut=_share(row.answer.finish_reason == "length" for row in scored),
        failed=_share(row.answer.finish_reason == "degraded" for row in scored),
    )


def _leaks(hints: Iterable[Scored]) -> dict[str, Share]:
    """By policy and rung, as in `hints:1`: the answers that gave a key away."""
    rows: dict[str, list[bool]] = {}
    for row in hints:
        rows.setdefault(row.answer.policy, []).append(bool(row.given_away))
    return {policy: _share(row) for policy, row in sorted(rows.items())}


def _of(scored: Iterable[Scored], *kinds: Kind) -> list[Scored]:
    return [row for row in scored if row.answer.item.kind in kinds]


def _share(rows: Iterable[bool]) -> Share:
    counted = list(rows)
    return Share(sum(counted), len(counted))
