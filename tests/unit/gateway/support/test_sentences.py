import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.support.sentences import SentenceReader, sentences_of


@pytest.mark.parametrize(
    ("answer", "numbers"),
    [
        ("Pushes add up [1].", [(1,)]),
        ("Pushes add up. [2] Waves carry energy.[1]", [(2,), (1,)]),
        ("Both say so [1, 2].", [(1, 2)]),
        ("Both say so [1][2].", [(1, 2)]),
        ("So it is【1】。", [(1,)]),
        ("共振会变大[1]。能量会损失。[2]", [(1,), (2,)]),
        ("ऊर्जा बढ़ती है [1]। फिर घटती है [2]।", [(1,), (2,)]),
        ("It grows quickly[1].", [(1,)]),
        ("The **mitochondria** [1] make energy.", [(1,)]),
        ("**Waves move energy.** [1]", [(1,)]),
        ("*Waves move energy* [1].", [(1,)]),
        ("* [1] Waves move energy.", [(1,)]),
        ("- [1, 2] Waves move energy.", [(1, 2)]),
        ("It is C++ [1].", [(1,)]),
        ("More than 50+ [2].", [(2,)]),
        ("The claim is based on [1, 2].", [(1, 2)]),
        ("As described in [1, 2].", [(1, 2)]),
        ("The price is $$5 and more [1]. Then [2].", [(1,), (2,)]),
    ],
)
def test_markers_belong_to_their_sentence(answer: str, numbers: list[tuple[int, ...]]) -> None:
    assert [sentence.numbers for sentence in sentences_of(answer, 3)] == numbers


@pytest.mark.parametrize(
    "answer",
    [
        "x lies in [0, 1]",
        "The function is continuous on [1, 2]",
        "on the interval [1, 2] it grows",
        "für alle x ∈ [1, 2]",
        "in das Intervall [1, 3]",
        "the vector [1, 2, 3]",
        "v = [1, 2]",
        "v = [2]",
        "a[1] is the second element",
        "call items[2] now",
        "f(x)[1]",
        "`names [1]` is code",
        "```python\nprint(names [1])\n```",
        "```\nnot closed [1]",
        "so $x [1]$ holds",
        "$$\ny [1]\n$$",
        r"\(y [1]\)",
        r"\[ y [2] \]",
        "see [1](https://example.org)",
        "[1]: https://example.org",
        "as said [7]",
        "as said [0]",
    ],
)
def test_what_is_no_marker_cites_nothing(answer: str) -> None:
    assert [number for sentence in sentences_of(answer, 3) for number in sentence.numbers] == []


def test_a_sentence_stands_where_it_was_written() -> None:
    answer = "# Waves\n\n- **First**, a wave carries energy [1].\n- Then `x[1]` is read. 3.5 hertz is slow!\n"
    for sentence in sentences_of(answer, 1):
        assert answer[sentence.start :].startswith(sentence.text)
    assert [sentence.said for sentence in sentences_of(answer, 1)] == [
        "Waves",
        "First**, a wave carries energy .",
        "Then is read.",
        "3.5 hertz is slow!",
    ]


PIECES = st.sampled_from(
    [
        "Waves carry energy",
        ". ",
        " [1]",
        "[2]. ",
        "\n",
        "```\n",
        "`x[1]`",
        "$",
        "共振",
        "。",
        "? ",
        "3.5",
        " [1, ",
        "2]",
        "- ",
    ]
)


@given(st.lists(PIECES, max_size=14).map("".join), st.lists(st.integers(1, 5), min_size=1, max_size=60))
def test_nothing_is_said_twice_however_the_answer_comes(answer: str, cuts: list[int]) -> None:
    reader, at, told = SentenceReader(2), 0, []
    for cut in cuts:
        told += reader.feed(answer[at : at + cut])
        at += cut
    told += [*reader.feed(answer[at:]), *reader.end()]
    starts = [sentence.start for sentence in told]
    assert starts == sorted(set(starts))
    for sentence in told:
        assert answer[sentence.start :].startswith(sentence.text)


@pytest.mark.parametrize(
    "answer",
    [
        "a" + "." * 20_000 + "b",
        "Chapter 1 " + "." * 20_000 + " 5",
        " ".join("`" * ticks for ticks in range(1, 400)),
        "[1]" * 20_000,
        "A wave moves on here [1]. " * 3_000,
        "```\ncode\n```\n" + "A wave moves on here. " * 3_000,
        "1.2 a " * 10_000,
        "\\[" * 10_000,
        "$" * 30_000,
        "<!--" * 10_000,
    ],
)
def test_no_answer_takes_long_to_read(answer: str) -> None:
    reader = SentenceReader(3)
    for at in range(0, len(answer), 40):
        reader.feed(answer[at : at + 40])
    reader.end()
    assert sentences_of(answer, 3) is not None


def test_a_sentence_is_told_once_the_next_has_begun() -> None:
    reader = SentenceReader(1)
    assert reader.feed("Waves carry energy. ") == []
    assert [sentence.numbers for sentence in reader.feed("[1] They")] == [(1,)]
    assert [sentence.said for sentence in reader.end()] == ["They"]
