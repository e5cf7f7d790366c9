"""The labelled set says what it promises, and its measures count what they are named for."""

from pathlib import Path

import pytest

from bench.support.labelled_set import Label, LabelledSentence, Lecture, Split, lectures
from bench.support.metrics import Judged, Share, Support, Verdict, by_language, confusion, mistaken, quality

LECTURE = """
language: de
lectures:
  - id: de-test
    title: Eine Stunde
    subject: physics
    split: held_out
    passages:
      - |
        10 Erster Satz.
        14 Zweiter Satz.
    sentences:
      faithful: |
        14 Das steht dort.
      invented: |
        Das nicht.
    crossed:
      en:
        near_miss: |
          Nearly so.
    questions:
      answerable: |
        10 Was steht dort?
      crossed:
        en: |
          14 What else?
      unanswerable: |
        Was nicht?
      hints:
        - question: Was wohl?
          key: [dies, "2"]
"""


def written(tmp_path: Path, text: str) -> tuple[Lecture, ...]:
    (tmp_path / "de.yaml").write_text(text, encoding="utf-8")
    return lectures(tmp_path)


def test_a_lecture_is_read_with_its_cues_sentences_and_questions(tmp_path: Path) -> None:
    (lecture,) = written(tmp_path, LECTURE)

    assert [(cue.start, cue.end) for cue in lecture.passages[0]] == [(10, 14), (14, 21)]
    assert lecture.sentences == (
        LabelledSentence("Das steht dort.", Label.FAITHFUL, "de", 14),
        LabelledSentence("Das nicht.", Label.INVENTED, "de"),
        LabelledSentence("Nearly so.", Label.NEAR_MISS, "en"),
    )
    assert [(each.language, each.second) for each in lecture.answerable] == [("de", 10), ("en", 14)]
    assert lecture.hints[0].keys == ("dies", "2")


def test_a_second_at_which_no_cue_begins_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"de-test: no cue begins at \[15"):
        written(tmp_path, LECTURE.replace("14 Das steht dort.", "15 Das steht dort."))


def test_the_set_is_large_and_even_enough_to_judge_by() -> None:
    found = lectures()
    claims = [each for lecture in found for each in lecture.sentences if each.label is not Label.NO_CLAIM]

    assert len(claims) >= 240
    assert sum(each.label is Label.FAITHFUL for each in claims) >= 0.4 * len(claims)
    assert {lecture.language for lecture in found} == {"de", "en", "es", "hi", "zh"}
    for language in ("de", "en", "es", "hi", "zh"):
        assert {lecture.split for lecture in found if lecture.language == language} == set(Split)
    assert sum(each.language != lecture.language for lecture in found for each in lecture.sentences) >= 25


def test_no_sentence_stands_in_the_set_twice() -> None:
    texts = [each.text for lecture in lectures() for each in lecture.sentences if each.label is not Label.NO_CLAIM]
    assert len(texts) == len(set(texts))


@pytest.fixture
def judged(tmp_path: Path) -> list[Judged]:
    """Two of three supported claims are faithful; one faithful claim has its place wrong, one was not found."""
    (lecture,) = written(tmp_path, LECTURE)

    def row(label: Label, verdict: Verdict, language: str = "de") -> Judged:
        second = 14 if label is Label.FAITHFUL else None
        return Judged(lecture, LabelledSentence(f"{label} {verdict}", label, language, second), verdict)

    return [
        row(Label.FAITHFUL, Verdict(Support.SUPPORTED, 10, 20)),
        row(Label.FAITHFUL, Verdict(Support.SUPPORTED, 300, 310), "en"),
        row(Label.FAITHFUL, Verdict(Support.PARTLY, 10, 20)),
        row(Label.FAITHFUL, Verdict(Support.NOT_FOUND)),
        row(Label.NEGATED, Verdict(Support.SUPPORTED, 10, 20)),
        row(Label.INVENTED, Verdict(Support.NOT_FOUND)),
        row(Label.NO_CLAIM, Verdict(Support.NO_CLAIM)),
        row(Label.NO_CLAIM, Verdict(Support.SUPPORTED, 10, 20)),
    ]


def test_quality_counts_claims_alone(judged: list[Judged]) -> None:
    found = quality(judged)

    assert found.precision == Share(2, 3)
    assert found.recall == Share(2, 4)
    assert found.found == Share(3, 4)
    assert found.placed == Share(1, 2)
    assert found.skipped == Share(1, 2)


def test_confusion_has_a_row_for_every_label(judged: list[Judged]) -> None:
    rows = confusion(judged)

    assert rows[Label.FAITHFUL] == {Support.SUPPORTED: 2, Support.PARTLY: 1, Support.NOT_FOUND: 1}
    assert rows[Label.NEGATED] == {Support.SUPPORTED: 1}
    assert not rows[Label.OTHER_LECTURE]


def test_what_is_said_in_another_language_has_a_row_of_its_own(judged: list[Judged]) -> None:
    rows = by_language(judged)

    assert {name: len(row) for name, row in rows.items()} == {"crossed": 1, "de": 7}


def test_mistakes_are_false_support_and_faithful_claims_that_were_not_found(judged: list[Judged]) -> None:
    found = [(row.sentence.label, row.verdict.support) for row in mistaken(judged)]

    assert found == [(Label.FAITHFUL, Support.NOT_FOUND), (Label.NEGATED, Support.SUPPORTED)]


def test_shares_say_of_how_many() -> None:
    assert str(Share(1, 4)) == "0.250 (1/4)"
    assert str(Share(0, 0)) == "- (0/0)"
