"""Captions of which each line is shown while it is spoken and again while the next one is."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.context.captions.reading import Captions, read

LINES = ["so a matrix", "is a map", "is a map", "between spaces", "of vectors"]


def said(captions: Captions) -> list[tuple[float, str]]:
    return [((cue.start or 0) / 1000, cue.text) for cue in captions.cues]


def stamp(moment: int) -> str:
    return f"00:{moment // 60_000:02}:{moment // 1000 % 60:02}.{moment % 1000:03}"


def automatic(lines: list[str], *, word_times: bool = True) -> str:
    """As YouTube writes them: each line spoken for two seconds, then settled for ten milliseconds."""
    cues, above = [], " "
    for number, line in enumerate(lines):
        start = number * 2000
        first, *rest = line.split()
        timed = first + "".join(f"<{stamp(start + 100 * at)}><c> {word}</c>" for at, word in enumerate(rest, 1))
        spoken = timed if word_times else line
        cues.append(f"{stamp(start)} --> {stamp(start + 1990)} align:start position:0%\n{above}\n{spoken}\n")
        cues.append(f"{stamp(start + 1990)} --> {stamp(start + 2000)} align:start position:0%\n{line}\n \n")
        above = line
    return "WEBVTT\nKind: captions\nLanguage: en\n\n" + "\n".join(cues)


def as_subrip(text: str) -> str:
    """As yt-dlp converts them: without the times of words."""
    cues = text.split("\n\n", 1)[1].split("\n\n")
    bare = (re.sub(r"<[^>]*>| align.*", "", cue).replace(".", ",").strip() for cue in cues)
    return "\n\n".join(f"{number}\n{cue}" for number, cue in enumerate(bare, 1)) + "\n"


@pytest.mark.parametrize("written", ["vtt", "vtt without the times of words", "srt"])
def test_each_line_is_said_once_from_its_first_word_on(written: str) -> None:
    text = automatic(LINES, word_times=written != "vtt without the times of words")
    captions = read(as_subrip(text) if written == "srt" else text)
    assert said(captions) == [(2.0 * at, line) for at, line in enumerate(LINES)]
    assert any("rolling captions" in warning for warning in captions.warnings)


WORD = st.sampled_from(["a", "no", "yes", "map", "line"])


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(WORD, min_size=1, max_size=4).map(" ".join), min_size=2, max_size=12))
def test_no_word_is_lost_or_doubled_however_a_speaker_repeats_them(lines: list[str]) -> None:
    captions = read(automatic(lines))
    assert [cue.text for cue in captions.cues] == lines


def test_three_rows_that_roll_up_are_said_once() -> None:
    rows = ["one fish", "two fish", "red fish", "blue fish", "old fish"]
    cues = [
        f"{at + 1}\n{stamp(at * 1000)} --> {stamp(at * 1000 + 1000)}\n" + "\n".join(rows[max(0, at - 2) : at + 1])
        for at in range(len(rows))
    ]
    assert said(read("\n\n".join(cues).replace(".", ","))) == [(float(at), row) for at, row in enumerate(rows)]


def test_lines_that_grow_word_by_word_are_said_once() -> None:
    grown = ["we", "we look", "we look at", "we look at\nwaves", "we look at\nwaves today"]
    cues = [f"{stamp(at * 500)} --> {stamp(at * 500 + 500)}\n{text}" for at, text in enumerate(grown)]
    captions = read("WEBVTT\n\n" + "\n\n".join(cues))
    assert " ".join(cue.text for cue in captions.cues) == "we look at waves today"


@pytest.mark.parametrize(
    "lines",
    [
        ["Yes.", "Yes.", "Yes."],
        ["No.", "No. Never.", "Why?"],
        ["row, row\nyour boat", "row, row\nyour boat", "gently"],
        ["I said\nstop", "stop\nright there", "Now."],
    ],
)
def test_what_a_speaker_repeats_is_kept_where_nothing_rolls(lines: list[str]) -> None:
    cues = [f"{stamp(at * 2000)} --> {stamp(at * 2000 + 2000)}\n{text}" for at, text in enumerate(lines)]
    assert [cue.text for cue in read("WEBVTT\n\n" + "\n\n".join(cues)).cues] == [
        text.replace("\n", " ") for text in lines
    ]
