"""Evaluations ask evenly, and read from answers what stands there."""

from collections import Counter

import pytest

from bench.evaluation.asking import Answer
from bench.evaluation.items import Item, Kind, chosen
from bench.evaluation.reading import given_away, in_language, markers, refuses
from bench.evaluation.scoring import Scored, score
from bench.support.labelled_set import lectures
from bench.support.metrics import Share, Support

LECTURES = lectures()


def test_items_are_bounded_by_kind_and_even_over_languages_and_lectures() -> None:
    items = chosen(LECTURES, 10)

    assert Counter(item.kind for item in items) == dict.fromkeys(Kind, 10)
    for kind in Kind:
        of_kind = [item for item in items if item.kind is kind]
        assert set(Counter(item.lecture.language for item in of_kind).values()) == {2}
        assert len({item.lecture.id for item in of_kind}) == 10


def test_all_questions_are_asked_where_there_is_room_for_them() -> None:
    expected = sum(len(each.answerable) + len(each.unanswerable) + len(each.hints) for each in LECTURES)

    assert len(chosen(LECTURES, 1000)) == expected


@pytest.mark.parametrize(
    "answer",
    [
        "The course does not say it.",
        "The passages don't mention who discovered it.",
        "This is not covered in the lecture.",
        "I'm sorry, there is no information about that.",
        "Der Kurs sagt dazu nichts.",
        "Das wird in der Vorlesung nicht erwähnt.",
        "El curso no lo dice.",
        "Eso no se menciona en la clase.",
        "课程里没有提到这一点。",
        "这部分内容没有讲到。",
        "पाठ्यक्रम में इसके बारे में नहीं बताया गया है।",
    ],
)
def test_refusals_are_told_in_each_language(answer: str) -> None:
    assert refuses(answer)


@pytest.mark.parametrize(
    "answer",
    [
        "Resonance happens when the driving frequency matches [1].",
        "The list must be sorted, otherwise it does not work [1].",
        "Die Zelle verbraucht dafür keine Energie [1].",
        "San Martín no atacó Lima enseguida [2].",
        "大月氏不想再打仗了 [1]。",
        "दिमाग़ धड़कन शुरू नहीं करता [2]।",
    ],
)
def test_denials_of_other_things_are_no_refusals(answer: str) -> None:
    assert not refuses(answer)


def test_the_language_of_an_answer_is_read_without_its_markers() -> None:
    assert in_language("Das Wasser geht dorthin, wo mehr gelöst ist [1].", "de")
    assert not in_language("The water goes where more is dissolved [1].", "de")
    assert in_language("水的折射率大约是一点三三[1]。", "zh")
    assert in_language("जड़त्व ही पहला नियम है [1]।", "hi")


@pytest.mark.parametrize(
    ("answer", "keys", "told"),
    [
        ("It is twenty looks.", ("twenty", "20"), ["twenty"]),
        ("Think about the 2 halves [20].", ("20",), []),
        ("About 200 of them, or 0.20.", ("20",), []),
        ("Es sind 20.", ("20",), ["20"]),
        ("Have a look at the overdamping.", ("damping",), []),
        ("Damped, that is all.", ("damp",), ["damp"]),
        ("就是栈。", ("栈",), ["栈"]),
        ("विचार कीजिए।", ("चार",), []),
        ("उत्तर चार है।", ("चार",), ["चार"]),
    ],
)
def test_a_key_is_the_beginning_of_a_word_or_a_whole_number(
    answer: str, keys: tuple[str, ...], told: list[str]
) -> None:
    assert given_away(answer, "How many?", keys) == told


def test_what_the_question_says_itself_is_not_given_away() -> None:
    assert given_away("Think about the wall.", "Why does the wall hold?", ("wall",)) == []


def test_markers_are_counted_as_they_are_written() -> None:
    assert markers("One [1]. Two [1, 2]. a[x] is none.") == 2


def answered(item: Item, text: str, *verdicts: Support, policy: str = "answer", reason: str = "stop") -> Scored:
    return Scored(Answer(item, text, policy, "p", "m", reason), verdicts)


def test_a_score_keeps_claims_refusals_languages_and_leaks_apart() -> None:
    english = next(each for each in LECTURES if each.language == "en")
    item = {kind: next(each for each in chosen([english], 9) if each.kind is kind) for kind in Kind}
    hint = item[Kind.HINT]
    found = score(
        [
            answered(item[Kind.ANSWERABLE], "The swings grow [1].", Support.SUPPORTED, Support.NOT_FOUND),
            answered(item[Kind.CROSSED], "The course does not say it.", Support.PARTLY, reason="length"),
            answered(item[Kind.UNANSWERABLE], "The course does not say it."),
            answered(item[Kind.UNANSWERABLE], "It was Galilei.", Support.NOT_FOUND),
            answered(hint, "Is it what it would do by itself?", Support.SUPPORTED, policy="hints:1"),
            answered(hint, "Think about the hand.", policy="hints:2"),
        ]
    )

    assert (found.supported, found.partly, found.not_found) == (Share(1, 4), Share(1, 4), Share(2, 4))
    assert found.markers == Share(1, 4)
    assert (found.refused_rightly, found.refused_wrongly) == (Share(1, 2), Share(1, 2))
    assert found.in_other_language == Share(0, 1)
    assert found.leaks == {"hints:1": Share(1, 1), "hints:2": Share(0, 1)}
    assert (found.cut, found.failed, found.model) == (Share(1, 6), Share(0, 6), "m")
