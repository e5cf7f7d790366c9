import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.errors import InvalidArgument, Reason
from services.context.captions.detection import detect
from services.context.captions.model import Format
from services.context.captions.reading import LARGEST, MOST_CUES, Captions, read
from services.context.model import Cue
from tests.captions import hour_of_captions


def vtt(*cues: str) -> str:
    return "WEBVTT\n\n" + "\n\n".join(cues) + "\n"


def said(captions: Captions) -> list[str]:
    return [cue.text for cue in captions.cues]


def times(captions: Captions) -> list[tuple[int | None, int | None]]:
    return [(cue.start, cue.end) for cue in captions.cues]


def refusal(source: str | bytes, form: Format | None = None) -> InvalidArgument:
    with pytest.raises(InvalidArgument) as caught:
        read(source, form)
    return caught.value


def test_hours_are_optional_and_a_comma_will_do() -> None:
    captions = read(vtt("00:01.5 --> 00:02.000\na", "01:00:03,250 --> 01:00:04.000\nb"))
    assert times(captions) == [(1500, 2000), (3_603_250, 3_604_000)]
    assert captions.warnings == ()


def test_settings_identifiers_and_blocks_that_nobody_says_are_left_out() -> None:
    text = (
        "WEBVTT - a title\nKind: captions\nLanguage: en\n\nSTYLE\n::cue { color: red }\n\nREGION\nid:fred\n\n"
        "NOTE a remark\nover two lines\n\nintro\n00:01.000 --> 00:02.000 line:0 position:20% align:start\nHello\n\n"
        "NOTE another\n\n2\n00:03.000 --> 00:04.000\nthere\nfriend\n"
    )
    assert said(read(text)) == ["Hello", "there friend"]


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("<v Fred Smith>Hi</v> <c.yellow.bg>you</c>", "Hi you"),
        ("one<00:00:01.500> two", "one two"),
        ("<i>so</i> <b>much</b> <u>markup</u>", "so much markup"),
        ('<font color="red" size=3>red</font>{\\an8} top', "red top"),
        ("line<br/>break\\Nhere", "line break here"),
        ("<ruby>漢<rt>kan</rt></ruby>", "漢kan"),
        ("a &lt; b &amp;&nbsp;c &#x2192; d", "a < b & c → d"),
        ("&lt;b&gt; is a tag", "<b> is a tag"),
        ("if a<b then c>d", "if a<b then c>d"),
        ("a vector<int> of x < y", "a vector<int> of x < y"),
        ("<script>alert(1)</script>", "alert(1)"),
    ],
)
def test_markup_goes_and_words_stay(written: str, plain: str) -> None:
    assert said(read(vtt(f"00:01.000 --> 00:02.000\n{written}"))) == [plain]


def test_subrip_goes_on_after_blank_lines_and_survives_their_lack() -> None:
    text = (
        "1\n00:00:01,000 --> 00:00:02,000\nfirst\n\nstill first\n\n"
        "2\n00:00:03,000 --> 00:00:04,000\nsecond\n3\n00:00:05,000 --> 00:00:06,000\nthird\n"
    )
    captions = read(text)
    assert (captions.format, said(captions)) == (Format.SRT, ["first still first", "second", "third"])
    assert captions.warnings == ("line 10: no blank line before the number of the next cue",)


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le-mark"])
def test_marks_and_line_ends_of_any_system_are_read(end: str, encoding: str) -> None:
    text = vtt("00:01.000 --> 00:02.000\nÜber Wellen").replace("\n", end)
    source = b"\xff\xfe" + text.encode("utf-16-le") if encoding == "utf-16-le-mark" else text.encode(encoding)
    assert said(read(source)) == ["Über Wellen"]
    assert said(read("\ufeff" + text)) == ["Über Wellen"]


def test_wrong_encodings_are_repaired_and_the_line_named() -> None:
    text = vtt("00:01.000 --> 00:02.000\nÜber Wellen – schön")
    windows = read(text.encode("cp1252"))
    assert said(windows) == ["Über Wellen – schön"]
    assert windows.warnings == ("line 4: not UTF-8; read as Windows-1252",)
    twice = read(text.encode().decode("cp1252", errors="ignore"))
    assert said(twice) == ["Über Wellen – schön"]
    assert twice.warnings[0].startswith("line 4: UTF-8 that was read as Windows-1252")


def test_broken_times_are_repaired_and_each_line_named() -> None:
    captions = read(
        vtt(
            "00:01.000 --> 00:05.000\noverlaps",
            "00:03.000 --> 00:02.000\nends before it begins",
            "00:99.xyz --> what\nunreadable",
            "00:20.000 --> 00:22.000\nlate",
            "00:10.000 --> 00:12.000\nout of order",
        )
    )
    assert said(captions) == ["overlaps", "ends before it begins", "unreadable", "out of order", "late"]
    assert [cue.start for cue in captions.cues] == [1000, 3000, 3000, 10_000, 20_000]
    places = [warning.partition(":")[0] for warning in captions.warnings]
    assert set(places) == {"line 3", "line 6", "line 9", "line 15"}


def test_refusals_name_the_line() -> None:
    error = refusal(vtt("0:xx --> y\na", "00:01.000 --> 00:02.000\nb", "0:9x --> 9\nc"))
    assert (error.reason, error.metadata["place"]) == (Reason.TRANSCRIPT_INVALID, "line 3")
    assert refusal('[{"start": 1,\n "text": }]').message.startswith("line 2: not JSON")
    assert refusal('[{"start": true, "text": "a"}]').metadata["place"] == "cue 1"
    assert refusal(vtt("00:01.000 --> 00:02.000\n" + "a" * 6000)).metadata["place"] == "line 3"
    for nothing in ("", "  \n ", "WEBVTT\n", "[]", vtt("00:01.000 --> 00:02.000\n<i></i>")):
        assert refusal(nothing).reason is Reason.TRANSCRIPT_INVALID


@pytest.mark.parametrize(
    "text",
    ['{"cues": 3}', "[" * 100_000, "[" + "9" * 10_000 + "]", '{"a": 1}', '[{"start": NaN, "text": "a"}]', "[1, null]"],
    ids=["number", "deep", "huge", "none", "nan", "scalars"],
)
def test_json_that_is_no_captions_is_refused(text: str) -> None:
    assert refusal(text, Format.JSON).reason is Reason.TRANSCRIPT_INVALID


def test_json_may_have_stamps_durations_and_wrappers() -> None:
    text = '{"segments": [{"start": "00:01.5", "duration": 2, "text": "a"}, {"start": "4", "end": 5, "text": "b"}]}'
    assert times(read(text)) == [(1500, 3500), (4000, 5000)]


def test_more_than_twenty_megabytes_are_too_large() -> None:
    assert refusal("a" * (LARGEST + 1)).reason is Reason.TOO_LARGE
    assert refusal("é" * (LARGEST // 2 + 1)).reason is Reason.TOO_LARGE


def test_more_cues_than_any_video_has_are_too_many() -> None:
    assert refusal("a\n\n" * (MOST_CUES + 1), Format.TEXT).reason is Reason.TOO_LARGE


def test_plain_text_has_paragraphs_and_no_times() -> None:
    captions = read("One line\nthat goes on.\n\n[music] and more --\n")
    assert captions.cues == (Cue(None, None, "One line that goes on."), Cue(None, None, "[music] and more --"))
    assert captions.format is Format.TEXT


def test_formats_are_found_out() -> None:
    assert detect("\nWEBVTT\n") is Format.VTT
    assert detect("1\n00:00:01,000 --> 00:00:02,000\na") is Format.SRT
    assert detect(' [ {"text": 1}]') is Format.JSON
    assert detect("[applause] Well.") is Format.TEXT


@pytest.mark.parametrize(
    "hostile", ["<", "<v ", "<!--", "{\\", "&", "-->\n", "00:00 --> ", "[", "1\n\n", "\u202e", "\x00"]
)
def test_hostile_text_takes_time_in_proportion_to_its_length(hostile: str) -> None:
    def seconds(repeats: int) -> float:
        begun = time.process_time()
        for form in Format:
            try:
                read(hostile * repeats, form)
            except InvalidArgument:
                continue
        return time.process_time() - begun

    seconds(100)
    # Quadratic work would make this a factor of 400.
    assert seconds(40_000) < 100 * (seconds(2000) + 0.005)


def test_an_hour_is_read_whole() -> None:
    captions = read(hour_of_captions())
    assert len(captions.cues) == 1200
    assert captions.warnings == ()


MARKUP = st.sampled_from(["<i>", "</v>", "<v A>", "&amp;", "-->", "00:01.000 --> 00:02.000", "\r\n", "\n\n", "1"])
SOUP = st.lists(st.one_of(MARKUP, st.text(max_size=8)), max_size=60).map("".join)


@settings(max_examples=150, deadline=None)
@given(SOUP, st.sampled_from([None, *Format]))
def test_whatever_comes_is_read_or_refused_with_its_place(text: str, form: Format | None) -> None:
    try:
        captions = read(text, form)
    except InvalidArgument as error:
        place = error.metadata["place"]
    else:
        place = "line of none"
        assert_orderly(captions)
    assert place.startswith(("line ", "cue "))


MOMENT = st.integers(0, 200_000)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(MOMENT, MOMENT), min_size=1, max_size=30))
def test_whatever_the_times_every_word_is_kept_in_order(moments: list[tuple[int, int]]) -> None:
    def stamp(moment: int) -> str:
        return f"{moment // 60_000:02}:{moment // 1000 % 60:02}.{moment % 1000:03}"

    words = [f"word{number}" for number in range(len(moments))]
    cues = [f"{stamp(a)} --> {stamp(b)}\n{word}" for (a, b), word in zip(moments, words, strict=True)]
    captions = read(vtt(*cues))
    assert sorted(said(captions)) == sorted(words)
    assert sorted(cue.start or 0 for cue in captions.cues) == sorted(start for start, _ in moments)
    assert_orderly(captions)


def assert_orderly(captions: Captions) -> None:
    assert all(cue.text and cue.text == " ".join(cue.text.split()) for cue in captions.cues)
    if captions.format is Format.TEXT:
        assert all(cue.start is cue.end is None for cue in captions.cues)
        return
    assert all((cue.start or 0) < (cue.end or 0) for cue in captions.cues)
    for before, after in pairwise(captions.cues):
        assert (before.start or 0) <= (after.start or 0)
        assert before.start == after.start or (before.end or 0) <= (after.start or 0)


LETTERS = {
    "cp1250": "Żółta łódka płynie po jeziorze, a žluťoučký kůň úpěl ďábelské ódy.",
    "cp1251": "Сегодня мы говорим о резонансе и о волнах в струнах.",
    "koi8-r": "Сегодня мы говорим о резонансе и о волнах в струнах.",
    "cp1253": "Σήμερα μιλάμε για τον συντονισμό και τα κύματα στις χορδές.",
    "cp1254": "Bugün rezonans ve tellerdeki dalgalar hakkında konuşacağız, şimdi başlıyoruz.",
    "cp1255": "היום נדבר על תהודה ועל גלים במיתרים.",
    "cp1256": "اليوم نتحدث عن الرنين وعن الأمواج في الأوتار.",
    "cp932": "今日は共鳴と弦の波について話します。",
    "euc-jp": "今日は共鳴と弦の波について話します。",
    "gb18030": "今天我们讲共振和弦上的波。",
    "big5": "今天我們講共振和弦上的波。",
    "cp949": "오늘은 공명과 현의 파동에 대해 이야기합니다.",
}


@pytest.mark.parametrize(("encoding", "text"), LETTERS.items(), ids=LETTERS)
def test_letters_of_older_encodings_are_read_as_they_are(encoding: str, text: str) -> None:
    cues = [f"{n}\r\n00:0{n}:00,000 --> 00:0{n}:09,000\r\n{text}\r\n" for n in range(3)]
    captions = read("\r\n".join(cues).encode(encoding))
    assert said(captions) == [text] * 3
    assert captions.warnings[0].startswith("line 3: not UTF-8; read as ")


@pytest.mark.parametrize("encoding", ["utf-32", "utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be"])
def test_wide_encodings_are_read_with_and_without_their_mark(encoding: str) -> None:
    assert said(read(vtt("00:01.000 --> 00:02.000\nÜber 波").encode(encoding))) == ["Über 波"]


def test_a_stray_byte_in_utf8_spoils_nothing_else() -> None:
    text = vtt(*(f"00:0{n}.000 --> 00:0{n + 1}.000\nÜber Größen, Wellen und Töne" for n in range(8)))
    captions = read(text.encode() + b"\n00:09.000 --> 00:09.500\nsch\xf6n")
    assert said(captions) == ["Über Größen, Wellen und Töne"] * 8 + ["schön"]
    assert "1 bytes that are not UTF-8" in captions.warnings[0]


def test_letters_that_were_lost_before_are_told() -> None:
    captions = read(vtt("00:01.000 --> 00:02.000\nsch\ufffdn"))
    assert "1 letters were lost before" in captions.warnings[0]
