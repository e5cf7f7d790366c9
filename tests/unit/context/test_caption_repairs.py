"""Faults of SubRip and WebVTT files, each repaired and told, and words that look like markup."""

import pytest

from services.context.captions.model import Format
from services.context.captions.reading import Captions, read


def said(captions: Captions) -> list[tuple[float, str]]:
    return [((cue.start or 0) / 1000, cue.text) for cue in captions.cues]


def words(text: str, form: Format | None = None) -> list[str]:
    return [cue.text for cue in read(text, form).cues]


@pytest.mark.parametrize(
    "line", ["the limit as h --> 0", "A --> B --> C", "0 --> 1 maps", "2H2 + O2 --> 2H2O", "so -->"]
)
@pytest.mark.parametrize("form", [Format.SRT, Format.VTT])
def test_an_arrow_in_the_words_is_a_word(line: str, form: Format) -> None:
    head = "WEBVTT\n\n" if form is Format.VTT else ""
    text = f"{head}1\n00:00:01.000 --> 00:00:02.000\nwe write\n{line}\n\n2\n00:00:03.000 --> 00:00:04.000\nand so on\n"
    assert words(text, form) == [f"we write {line}", "and so on"]


@pytest.mark.parametrize(
    ("stamp", "seconds"),
    [
        ("0:01:05,250.0000000000582", 65.25),
        ("00:01:05.2500000000000582", 65.25),
        ("00:01:05,250.9999999999e-05", 65.25),
        ("00:01:04,1000", 65.0),
        ("00:00:60,000", 60.0),
        ("00: 01: 05, 250", 65.25),
        ("００：０１：０５，２５０", 65.25),
        ("٠٠:٠١:٠٥,٢٥٠", 65.25),
        ("-00:00:01,000", 0.0),
        ("65.25", 65.25),
    ],
)
def test_odd_stamps_are_read_and_told(stamp: str, seconds: float) -> None:
    captions = read(f"1\n{stamp} --> 00:02:00,000\nwords\n\n2\n00:02:05,000 --> 00:02:06,000\nmore\n")
    assert said(captions) == [(seconds, "words"), (125.0, "more")]
    assert captions.warnings[0].startswith("line 2: times are oddly written")


def test_words_behind_the_times_are_words_and_settings_are_not() -> None:
    text = (
        "1\n00:00:01,000 --> 00:00:02,000 Ann: hello\nthere\n\n2\n00:00:03,000 --> 00:00:04,000 X1:1 Y1:2\nsecond\n\n"
        "3\n00:00:05,000 --> 00:00:06,000 align: start position:0%\nthird\n"
    )
    assert words(text) == ["Ann: hello there", "second", "third"]


def test_numbers_are_told_from_what_is_said() -> None:
    counted = (
        "1\n00:01,000 --> 00:02,000\n3\n2\n00:02,000 --> 00:03,000\n2\n\n"
        "3\n00:03,000 --> 00:04,000\n\n4\n00:04,000 --> 00:05,000\n42\n"
    )
    assert words(counted) == ["3", "2", "42"]
    without = "00:01,000 --> 00:02,000\n7\n00:03,000 --> 00:04,000\nseven\n"
    assert words(without) == ["7", "seven"]
    paragraphs = "1\n00:01,000 --> 00:02,000\nin the year\n\n1989\n\n2\n00:03,000 --> 00:04,000\nend\n"
    assert words(paragraphs) == ["in the year 1989", "end"]
    cut_off = "1\n00:01,000 --> 00:02,000\nlast words\n\n2\n"
    assert words(cut_off) == ["last words"]


def test_vtt_words_behind_blank_lines_stay_and_are_told() -> None:
    captions = read(
        "WEBVTT\n\n00:01.000 --> 00:02.000\n\nlate words\n\n00:03.000 --> 00:04.000\nfirst\n\nsecond half\n\n"
        "NOTE not said\n\nname\n00:05.000 --> 00:06.000\nlast\n\nSTYLE\n::cue {}\n"
    )
    assert said(captions) == [(1.0, "late words"), (3.0, "first second half"), (5.0, "last")]
    assert [warning.partition(":")[0] for warning in captions.warnings] == ["line 5", "line 10"]


def test_a_number_may_stand_apart_from_its_times() -> None:
    text = "WEBVTT\n\n1\n\n00:01.000 --> 00:02.000\nfirst\n\n2\n\n00:03.000 --> 00:04.000\nsecond\n"
    assert words(text) == ["first", "second"]
    assert words(text.removeprefix("WEBVTT\n\n").replace(".", ",")) == ["first", "second"]


def test_times_among_the_words_are_words() -> None:
    first = "1\n00:00:01,000 --> 00:00:02,000\nlook at\n0:30 --> 0:40 of the film\n"
    text = f"{first}\n2\n00:00:03,000 --> 00:00:04,000\nnow\n"
    assert words(text) == ["look at 0:30 --> 0:40 of the film", "now"]


def test_words_without_times_at_the_beginning_are_kept_and_told() -> None:
    captions = read("An introduction.\n\n1\n00:00:05,000 --> 00:00:06,000\nwords\n")
    assert said(captions) == [(0.0, "An introduction."), (5.0, "words")]
    assert "words before the first times" in captions.warnings[0]


@pytest.mark.parametrize(
    "line",
    [
        "if (a<b && x == y && c>d) swap",
        "for (i=0; i<n; i++) s>>=1;",
        "if u<v and w>x then",
        "a<b>c is no comparison",
        "std::vector<int> and Map<K, V>",
        "#include <iostream>",
        "the <div> tag opens a block",
        "x<y and <z",
        "<u, v> is a product",
        "p<i>q",
        "&notify and &copy_from are addresses",
        "{\\bf x} and {\\displaystyle y}",
        "C:\\New\\Notes",
        "R&D; AT&T",
    ],
)
@pytest.mark.parametrize("form", [Format.SRT, Format.VTT])
def test_words_that_look_like_markup_are_words(line: str, form: Format) -> None:
    head = "WEBVTT\n\n" if form is Format.VTT else "1\n"
    assert words(f"{head}00:00:01.000 --> 00:00:02.000\n{line}\n", form) == [line]


@pytest.mark.parametrize(
    ("line", "plain"),
    [
        ("<v Ann>Hi <v.loud Bob>ho", "Hi <v.loud Bob>ho"),
        ("<v Ann>Hi</v>\n<v.loud Bob>ho</v>", "Hi ho"),
        ("- <v Ann>Hi", "- Hi"),
        ("<lang fr>oui</lang> <c.red.big>non</c>", "oui non"),
        ("<FONT COLOR=\"#fff\" face='Arial'>big</FONT>", "big"),
        ("<div>a block</div>", "a block"),
        ("{\\an8}{\\pos(1,2)\\fad(1,2)}top{\\r}", "top"),
        ("<i>half open", "half open"),
        ("e\u0301te\u0301", "été"),
    ],
)
def test_markup_is_told_by_its_grammar(line: str, plain: str) -> None:
    assert words(f"WEBVTT\n\n00:00:01.000 --> 00:00:02.000\n{line}\n") == [plain]


def test_what_is_written_twice_with_the_same_times_is_said_once() -> None:
    cue = "00:00:01,000 --> 00:00:02,000\nwords\n\n"
    captions = read(f"1\n{cue}2\n{cue}3\n00:00:03,000 --> 00:00:04,000\nwords\n")
    assert said(captions) == [(1.0, "words"), (3.0, "words")]
    assert "left out" in captions.warnings[0]
