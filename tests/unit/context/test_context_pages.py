"""Pages as they are kept: what is text, what stands on every page, and words that lines have cut."""

from collections.abc import Sequence

import pytest

from services.context.model import Page, PageState, RawPage, ranges, remarks_of
from services.context.passages.cutting import paged_passages
from services.context.passages.joining import CUT, Hyphens, normal
from services.context.passages.pages import cleaned, recognised
from services.context.passages.readability import garbled, pairs_of

PROSE = {
    "english": "Today we study entropy and the second law of thermodynamics, which says that disorder never falls.",
    "german": "Heute betrachten wir die Entropie und den zweiten Hauptsatz, nach dem die Unordnung niemals abnimmt.",
    "french": "Nous étudions aujourd'hui l'entropie et le deuxième principe, selon lequel le désordre ne diminue pas.",
    "polish": "Dzisiaj zajmiemy się entropią oraz drugą zasadą termodynamiki, która mówi, że nieporządek nie maleje.",
    "vietnamese": "Hôm nay chúng ta nghiên cứu về entropi và luật thứ hai của nhiệt động lực học trong một hệ kín.",
    "russian": "Сегодня мы изучаем энтропию и второе начало термодинамики: беспорядок никогда не убывает в системе.",
    "greek": "Σήμερα μελετάμε την εντροπία και τον δεύτερο νόμο της θερμοδυναμικής, που λέει ότι η αταξία αυξάνεται.",
    "hindi": "आज हम एन्ट्रॉपी और ऊष्मागतिकी के दूसरे नियम का अध्ययन करते हैं, जो कहता है कि अव्यवस्था कभी कम नहीं होती।",
    "chinese": "今天我们学习熵和热力学第二定律，它说封闭系统中的无序程度永远不会减少。" * 3,
    "japanese": "今日はエントロピーと熱力学の第二法則を学びます。閉じた系では乱雑さは決して減りません。" * 3,
    "arabic": "ندرس اليوم الإنتروبيا والقانون الثاني للديناميكا الحرارية الذي ينص على أن الفوضى لا تنقص أبدا.",
}


def texts(pages: Sequence[str], **more: float) -> list[str]:
    return [page.text for page in cleaned([RawPage(page, **more) for page in pages])]


@pytest.mark.parametrize("language", PROSE)
@pytest.mark.parametrize("unsaid", [0.0, 1.0])
def test_prose_is_text_whatever_its_fonts_say(language: str, unsaid: float) -> None:
    assert garbled([RawPage(PROSE[language] * 3, unsaid)]) == [False]


def shifted(text: str, by: int) -> str:
    return "".join(chr(max(1, ord(letter) + by)) if not letter.isspace() else letter for letter in text)


def turned(text: str, letters: str = "abcdefghijklmnopqrstuvwxyz", by: int = 7) -> str:
    return text.lower().translate(str.maketrans(letters, letters[by:] + letters[:by]))


@pytest.mark.parametrize(
    "text",
    [
        shifted(PROSE["english"], -29),
        turned(PROSE["english"]),
        turned(PROSE["german"], by=11),
        turned(PROSE["russian"], "абвгдежзийклмнопрстуфхцчшщъыьэюя", 9),
        turned(PROSE["greek"], "αβγδεζηθικλμνξοπρστυφχψω", 5),
        PROSE["russian"].encode("cp1251").decode("latin-1"),
        shifted(PROSE["english"], 0xE000),
        " ".join(f"/g{number}" for number in range(60)),
        " ".join(f"(cid:{number})" for number in range(60)),
        "\ufffd" * 30 + " and a word",
        shifted(PROSE["english"].lower(), -96).replace("\n", " "),
    ],
    ids=lambda text: text[:12],
)
def test_what_stands_for_other_letters_is_no_text(text: str) -> None:
    assert garbled([RawPage(" ".join([text] * 3))]) == [True]


@pytest.mark.parametrize(
    "text",
    [
        "E = mc2\nF = ma\np = mv",
        "7 x 8 = 56",
        "T mx = (X a + X b - X c - X d) / 2\n" * 20,
        "0x3fa2 MOV AX, BX; CALL strncpy; JMP 0x7c00\n" * 10,
        'fprintf(stderr, "%s\\n", strerror(errno)); return EXIT_FAILURE;\n' * 10,
        "\uf0b7 one\n\uf0b7 two\n\uf0b7 three points of some length",
    ],
)
def test_formulas_and_code_are_text(text: str) -> None:
    assert garbled([RawPage(text)]) == [False]


def test_what_is_too_short_to_tell_goes_with_the_other_doubted_pages() -> None:
    short, long = shifted("The end", -29), shifted(PROSE["english"], -29)
    assert garbled([RawPage(short, 1.0), RawPage(long, 1.0), RawPage("The end", 0.0)]) == [True, True, False]
    assert garbled([RawPage("E = mc2", 1.0)]) == [False]
    assert garbled([RawPage(shifted(PROSE["chinese"], 0x111), 1.0)]) == [True]


def test_of_each_language_most_pairs_are_usual() -> None:
    for language in ("english", "german", "french", "polish", "vietnamese", "russian", "greek"):
        assert pairs_of(PROSE[language]).share > 0.75, language


def test_words_are_whole_again_and_running_lines_are_left_out() -> None:
    pages = [f"Waves and sound\nIn case {n} a me-\ndium carries\nenergy onward.\n{n} / 9" for n in range(1, 9)]
    assert texts(pages)[0] == "In case 1 a medium carries energy onward."
    assert texts(pages[:2])[0].startswith("Waves and sound In case 1")  # of two pages nothing can be told


@pytest.mark.parametrize(
    "pages",
    [
        ["E = mc2", "E = mc2\nF = ma", "E = mc2\nF = ma\np = mv", "E = mc2\nF = ma\np = mv\nU = RI"],  # built up
        [f"Exercise {n}\n{'abcdefgh'[n]} or not?" for n in range(1, 8)],
        [f"{n} x {n + 2} = {n * (n + 2)}" for n in range(2, 9)],
    ],
    ids=["built up", "exercises", "sums"],
)
def test_what_is_the_content_is_no_running_head(pages: Sequence[str]) -> None:
    assert [page.split() for page in texts(pages)] == [page.split() for page in pages]


def test_numbers_that_do_not_count_pages_stay() -> None:
    assert texts([f"Figure: results\n{n * n}" for n in range(3, 9)]) == ["9", "16", "25", "36", "49", "64"]


def test_a_slide_that_has_only_the_title_of_the_others_keeps_it() -> None:
    pages = [f"Results\nThe {word} rose.\n{n}" for n, word in enumerate(["first", "second", "third", "fourth"], 1)]
    assert texts([*pages, "Results\n5"]) == [
        "The first rose.",
        "The second rose.",
        "The third rose.",
        "The fourth rose.",
        "Results 5",
    ]


def test_the_same_few_words_on_each_page_are_a_stamp() -> None:
    stamped = [f"Licensed to a library\n{n}" for n in range(1, 5)]
    assert texts(stamped) == [""] * 4
    assert texts(stamped[:2], pictured=1.0) == ["", ""]
    pages = [RawPage(text, pictured=1.0) for text in stamped] + [RawPage(PROSE["english"])]
    assert [page.state for page in cleaned(pages)] == [PageState.EMPTY] * 4 + [PageState.TEXT]
    titled = [RawPage("Waves")] * 3 + [RawPage("Waves\ncarry energy")]
    assert cleaned(titled)[0].text == "Waves"


@pytest.mark.parametrize(
    ("cut", "whole"),
    [
        (f"a me{CUT}dium", "a medium"),
        ("über-\nlegen", "überlegen"),
        ("сло-\nво и де\u00ad\nло", "слово и дело"),
        ("ελλη\u2010\nνικά", "ελληνικά"),
        ("գիտու\u058a\nթյուն", "գիտություն"),
        ("in\u00adter\u00ad\nesting", "interesting"),
        ("Nord-\nSüd", "Nord-Süd"),
        (f"UTF{CUT}8 and x86-\n64", "UTF-8 and x86-64"),
        ("Vor-\nund Nachteile", "Vor- und Nachteile"),
        ("a well-\nknown, well-known law", "a well-known, well-known law"),
        ("the e-mail and -\nthe rest", "the e-mail and - the rest"),
        ("l'ouver-\nture", "l'ouverture"),
    ],
)
def test_words_that_a_line_has_cut_are_joined_and_hyphens_of_words_stay(cut: str, whole: str) -> None:
    assert Hyphens(cut).flowing(normal(cut).splitlines()) == whole


def test_letters_have_one_form() -> None:
    assert (
        normal("ﬁnd eﬃcient ﬂow Go\u0308del e\u0301tat \ufee3\ufeae\ufea3\ufe92\ufe8e G¨odel")
        == "find efficient flow Gödel état مرحبا Gödel"
    )
    assert normal("\u0132sland") == "IJsland"


def test_passages_end_with_their_page() -> None:
    sentence = "This page says something about waves that is worth a sentence of some length."
    pages = [Page(n, " ".join(f"{sentence} It is on page {n}." for _ in range(n * 4))) for n in range(1, 5)]
    pages.append(Page(5, "", PageState.EMPTY))
    found = paged_passages("waves", "d1", [*pages, Page(6, "A slide.")])
    assert {passage.page for passage in found} == {1, 2, 3, 4, 6}
    for passage in found[:-1]:
        told = {int(words.split(".")[0]) for words in passage.text.split("It is on page ")[1:]}
        assert told == {passage.page}
    assert len({passage.id for passage in found}) == len(found)
    assert not any(passage.cues or passage.start is not None for passage in found)


def test_recognised_pages_are_those_without_text() -> None:
    pages = [
        Page(1, "said"),
        Page(2, "", PageState.EMPTY),
        Page(3, "", PageState.GARBLED),
        Page(4, "", PageState.EMPTY),
    ]
    after = recognised(pages, {"1": "other", "2": "read off a pic-\nture", "3": " ."})
    assert [page.text for page in after] == ["said", "read off a picture", "", ""]
    assert remarks_of(after).recognised == (2,)
    assert (remarks_of(after).garbled, remarks_of(after).empty) == ((3,), (4,))
    assert ranges([1, 2, 3, 5, 7, 8]) == "1-3, 5, 7-8"
