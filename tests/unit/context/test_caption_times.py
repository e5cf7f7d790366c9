"""Which numbers in captions are times, in which unit, and which are said."""

import json

import pytest

from services.context.captions.model import Format
from services.context.captions.reading import read

Said = list[tuple[int | None, int | None, str]]


def said(text: str, form: Format | None = None) -> Said:
    return [(cue.start, cue.end, cue.text) for cue in read(text, form).cues]


@pytest.mark.parametrize("form", [None, Format.TEXT])
def test_what_whisper_prints(form: Format | None) -> None:
    text = "[00:00.000 --> 00:05.000]  Hello\n[00:06.500 --> 00:09.000]  to all\n"
    assert said(text, form) == [(0, 5000, "Hello"), (6500, 9000, "to all")]
    assert said(text.splitlines()[0], form) == [(0, 5000, "Hello")]


@pytest.mark.parametrize("span", ["[{}{} - {}{}]", "({}{} – {}{})", "{}{} - {}{}", "{}{} - {}{}:"])
def test_starts_and_ends_on_the_line_of_the_words(span: str) -> None:
    one, two = span.format("0:00", ":00", "0:00", ":05"), span.format("0:00", ":06", "0:00", ":09")
    assert said(f"{one} Hello\n{two} to all") == [(0, 5000, "Hello"), (6000, 9000, "to all")]


def test_a_time_behind_a_time_is_said() -> None:
    text = "[00:00:05] 10:45 is coffee\n[00:00:09] and tea"
    assert [(start, words) for start, _, words in said(text)] == [(5000, "10:45 is coffee"), (9000, "and tea")]
    assert [start for start, _, _ in said("[00:05][00:20] again\n[00:09] once")] == [5000, 9000, 20_000]


@pytest.mark.parametrize("form", [Format.SRT, Format.VTT])
@pytest.mark.parametrize("line", ["1:2 --> 2:4", "1:2 -> 2:4", "00:09 --> 00:03"])
def test_an_arrow_between_numbers_in_the_words_is_said(form: Format, line: str) -> None:
    head = "WEBVTT\n\n" if form is Format.VTT else ""
    text = (
        f"{head}1\n00:00:01.000 --> 00:00:02.000\nwe map\n{line}\nand go on\n\n2\n00:00:03.000 --> 00:00:04.000\nyes\n"
    )
    captions = read(text, form)
    assert [cue.text for cue in captions.cues] == [f"we map {line} and go on", "yes"]
    assert any("kept as words" in warning for warning in captions.warnings)


def test_times_right_under_words_are_times() -> None:
    text = "00:00:01,000 --> 00:00:02,000\none\n00:00:03,000 --> 00:00:04,000\ntwo\n00:05 --> 00:06\nthree\n"
    assert [start for start, _, _ in said(text, Format.SRT)] == [1000, 3000, 5000]


def test_words_behind_a_blank_line_and_above_times() -> None:
    text = "WEBVTT\n\n00:01.000 --> 00:02.000\n\nHello there\n00:03.000 --> 00:04.000\n\nand you\n"
    captions = read(text, Format.VTT)
    assert [cue.text for cue in captions.cues] == ["Hello there", "and you"]
    named = "WEBVTT\n\nintro\n00:01.000 --> 00:02.000\n\nmiddle\n00:03.000 --> 00:04.000\nand you\n"
    assert [cue.text for cue in read(named, Format.VTT).cues] == ["and you"]


@pytest.mark.parametrize("words", ["line: of code matters", "align: these", "size: 5 apples", "position:"])
def test_words_that_begin_like_a_setting(words: str) -> None:
    text = f"00:00:01,000 --> 00:00:02,000 {words}\n\n00:00:03,000 --> 00:00:04,000\nyes\n"
    assert [cue.text for cue in read(text, Format.SRT).cues] == [words, "yes"]


@pytest.mark.parametrize(
    "settings",
    ["line:90% position: 50%,center align:middle", "X1:100 X2 : 200 Y1:0 Y2:9", "size:50% own:3", "vertical:rl"],
)
def test_settings_are_not_said(settings: str) -> None:
    text = f"00:00:01,000 --> 00:00:02,000 {settings}\nyes\n"
    assert [cue.text for cue in read(text, Format.SRT).cues] == ["yes"]


@pytest.mark.parametrize(("times", "starts"), [((0, 5, 9), [0, 5000]), ((0, 5160, 9000), [0, 5160])])
def test_whole_numbers_of_a_table(times: tuple[int, int, int], starts: list[int]) -> None:
    text = f"start,end,text\n{times[0]},{times[1]},Hello to all of you\n{times[1]},{times[2]},and to the others\n"
    assert [start for start, _, _ in said(text)] == starts


@pytest.mark.parametrize(
    ("names", "unit"),
    [
        (("offset", "duration"), 1),
        (("offset", "duration"), 1000),
        (("startMs", "durationMs"), 1),
        (("tStartMs", "dDurationMs"), 1),
    ],
)
def test_units_of_lengths(names: tuple[str, str], unit: int) -> None:
    start, length = names
    cues = [
        {"text": "Hello to all", start: 0, length: 5000 // unit},
        {"text": "and so on", start: 6000 // unit, length: 3000 // unit},
    ]
    assert said(json.dumps(cues)) == [(0, 5000, "Hello to all"), (6000, 9000, "and so on")]


def test_ends_that_name_their_unit() -> None:
    cues = [{"text": "Hello", "startMs": 5, "endMs": 900}, {"text": "you", "startMs": 1000, "endMs": 1800}]
    assert said(json.dumps(cues)) == [(5, 900, "Hello"), (1000, 1800, "you")]
