"""The labelled set: lectures with timed cues, sentences about them, and questions to ask about them.

README.md beside this module tells how the files are written.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml

DIRECTORY = Path(__file__).parent / "labelled"
# A passage does not say when its last cue ends: it is taken to last as long as one usually does.
LAST_CUE_SECONDS = 7.0


class Label(StrEnum):
    """What a sentence is, seen from the passages that it is held against."""

    FAITHFUL = "faithful"
    NEAR_MISS = "near_miss"
    NEGATED = "negated"
    OTHER_LECTURE = "other_lecture"
    INVENTED = "invented"
    NO_CLAIM = "no_claim"


class Split(StrEnum):
    """Thresholds are chosen by the first alone, and judged by the second."""

    TUNE = "tune"
    HELD_OUT = "held_out"


@dataclass(frozen=True, slots=True)
class LabelledCue:
    """Words of a lecture, from second to second."""

    start: float
    end: float
    text: str


@dataclass(frozen=True, slots=True)
class LabelledSentence:
    """A sentence of an answer; `second` is where the cue begins that bears a faithful one."""

    text: str
    label: Label
    language: str
    second: float | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """What a student asks; `second` is where the cue begins that answers it, None where none does."""

    text: str
    language: str
    second: float | None = None


@dataclass(frozen=True, slots=True)
class HintItem:
    """A question under the policy of hints; an answer that holds one of the keys gives it away."""

    question: Question
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lecture:
    """A lecture as a model is given it, and all that is said and asked about it."""

    id: str
    title: str
    subject: str
    language: str
    split: Split
    passages: tuple[tuple[LabelledCue, ...], ...]
    sentences: tuple[LabelledSentence, ...]
    answerable: tuple[Question, ...]
    unanswerable: tuple[Question, ...]
    hints: tuple[HintItem, ...]


def lectures(directory: Path = DIRECTORY) -> tuple[Lecture, ...]:
    """All lectures, by language and in the order of their files.

    Raises:
        ValueError: if a faithful sentence or an answerable question names a second at which no cue begins.

    """
    return tuple(lecture for path in sorted(directory.glob("*.yaml")) for lecture in _file(path))


def _file(path: Path) -> Iterator[Lecture]:
    written = yaml.safe_load(path.read_text(encoding="utf-8"))
    for each in written["lectures"]:
        yield _lecture(each, written["language"])


def _lecture(written: dict[str, Any], language: str) -> Lecture:
    asked = written["questions"]
    lecture = Lecture(
        id=written["id"],
        title=written["title"],
        subject=written["subject"],
        language=language,
        split=Split(written["split"]),
        passages=tuple(map(_cues, written["passages"])),
        sentences=(*_sentences(written["sentences"], language), *_crossed(written.get("crossed", {}))),
        answerable=tuple(_answerable(asked, language)),
        unanswerable=tuple(Question(text, language) for text in _lines(asked["unanswerable"])),
        hints=tuple(HintItem(Question(item["question"], language), tuple(item["key"])) for item in asked["hints"]),
    )
    _check_seconds(lecture)
    return lecture


def _answerable(asked: dict[str, Any], language: str) -> Iterator[Question]:
    for other, block in {language: asked["answerable"], **asked.get("crossed", {})}.items():
        yield from (Question(text, other, second) for second, text in _timed(block))


def _crossed(written: dict[str, dict[str, str]]) -> Iterator[LabelledSentence]:
    """Sentences in other languages than the lecture's."""
    for language, groups in written.items():
        yield from _sentences(groups, language)


def _sentences(groups: dict[str, str], language: str) -> Iterator[LabelledSentence]:
    for name, block in groups.items():
        label = Label(name)
        if label is Label.FAITHFUL:
            yield from (LabelledSentence(text, label, language, second) for second, text in _timed(block))
        else:
            yield from (LabelledSentence(text, label, language) for text in _lines(block))


def _cues(block: str) -> tuple[LabelledCue, ...]:
    """Each cue ends where the next begins."""
    timed = list(_timed(block))
    ends = [*(start for start, _ in timed[1:]), timed[-1][0] + LAST_CUE_SECONDS]
    return tuple(LabelledCue(start, end, text) for (start, text), end in zip(timed, ends, strict=True))


def _timed(block: str) -> Iterator[tuple[float, str]]:
    """Lines that begin with a second of the lecture."""
    for line in _lines(block):
        second, _, text = line.partition(" ")
        yield float(second), text


def _lines(block: str) -> Sequence[str]:
    return [line.strip() for line in block.splitlines() if line.strip()]


def _check_seconds(lecture: Lecture) -> None:
    begins = {cue.start for passage in lecture.passages for cue in passage}
    seconds = [each.second for each in lecture.sentences] + [each.second for each in lecture.answerable]
    named = set(seconds) - {None}
    if unknown := named - begins:
        raise ValueError(f"{lecture.id}: no cue begins at {sorted(filter(None, unknown))}")
