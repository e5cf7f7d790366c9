"""Files that were made to hold a reader up, or to break it: each is read or refused in good time."""

import json

import pytest

from kit.document_kinds import DocumentKind, kind_of
from kit.errors import InvalidArgument
from services.context.captions.detection import detect
from services.context.captions.findings import Findings
from services.context.captions.markup import plain
from services.context.captions.model import Format, RawCue
from services.context.captions.reading import read
from services.context.captions.rolling import said_once
from services.context.passages.joining import CUT, Hyphens

MANY = 300_000


def test_comments_before_what_is_no_page() -> None:
    for head in (b"<!---->" * 60 + b"x", b"<!-- -->\n" * 60 + b"x"):
        assert kind_of("notes.md", head, b"") is DocumentKind.MARKDOWN


def test_comments_before_a_page() -> None:
    assert kind_of("a.html", b"<?xml version='1.0'?>\n<!-- a > b --><!---->\n<html>", b"") is DocumentKind.HTML


@pytest.mark.parametrize("between", [" ", "<!---->", "<!DOCTYPE x>"])
def test_what_stands_before_no_root(between: str) -> None:
    assert detect("<?xml version='1.0'?>" + between * 60 + "x") is Format.TEXT


def test_a_root_behind_comments() -> None:
    assert detect("<?xml version='1.0'?> <!-- <a> -->\n<!DOCTYPE tt>\n<x:tt/>") is Format.TTML


def test_an_event_that_never_comes() -> None:
    assert detect("Dialogue:" + " " * MANY) is Format.TEXT


def test_one_line_that_begins_as_an_event_is_prose() -> None:
    line = "Dialogue: a, 0:00:00.00, and so on"
    assert detect(f"We look at a line.\n{line}\nIt is one.") is Format.TEXT
    assert detect(f"[Events]\n{line}") is Format.ASS
    assert detect(f"{line}\n{line}") is Format.ASS


def test_overrides_that_never_close() -> None:
    text = ("{" + "\\a1" * 30) * 3000
    assert plain(text) == text
    assert plain("{\\a1\\an8\\1c&HFF&}word") == "word"


def test_cues_of_very_many_rows() -> None:
    cues = [RawCue(str(at), at * 100, at * 100 + 100, "a\n" * 150_000 + str(at)) for at in range(3)]
    assert said_once(cues, Findings()) == cues


def test_a_page_of_one_word() -> None:
    word = "a" * MANY
    text = f"{word} cut-\nting cutting l'eau{CUT}\nfroide"
    assert Hyphens(text).flowing(text.split("\n")) == f"{word} cutting cutting l'eaufroide"


def test_comments_of_sami_that_never_close() -> None:
    text = "<SAMI><SYNC Start=0>" + "<!--" * 100_000 + "<!-- not said -->word<SYNC Start=900>"
    with pytest.raises(InvalidArgument, match="letters"):
        read(text, Format.SAMI)


def test_drawings_of_substation_alpha_that_never_close() -> None:
    with pytest.raises(InvalidArgument, match="letters"):
        read("Dialogue: 0,0:00:01.00,0:00:02.00,,,,,,,{" + "\\p1" * 200_000, Format.ASS)


def test_a_comment_of_substation_alpha_is_told() -> None:
    captions = read("[Events]\nDialogue: 0,0:00:01.00,0:00:02.00,,,,,,,{\\an8}the set {x | x > 0} is open", Format.ASS)
    assert [cue.text for cue in captions.cues] == ["the set is open"]
    assert captions.warnings == ("line 2: {x | x > 0} is a comment in this format; left out",)


@pytest.mark.parametrize("name", ["start", "end"])
@pytest.mark.parametrize("moment", [1e308, "1e308", int("9" * 400), "9" * 400, -1e308], ids="ABCDE")
def test_numbers_beyond_reason(name: str, moment: float | str) -> None:
    cues = [{"start": 0, "end": 1, "text": "one"}, {"start": 1.5, "end": 2, "text": "two", name: moment}]
    captions = read(json.dumps([*cues, {"start": 3, "end": 4, "text": "three"}]))
    assert [cue.text for cue in captions.cues] == ["one", "two", "three"]


@pytest.mark.parametrize(
    "text",
    [
        f'<tt><body><div><p begin="1s" end="2s">{"<span>" * 3000}a{"</span>" * 3000}</p></div></body></tt>',
        f"<tt><body>{'<div>' * 3000}a{'</div>' * 3000}</body></tt>",
        f'<timedtext><body><p t="0" d="5">{"<s>" * 3000}a{"</s>" * 3000}</p></body></timedtext>',
        "[" * 100_000,
    ],
)
def test_what_is_too_deep_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument):
        read(text, Format.JSON if text.startswith("[") else None)


def test_declarations_that_never_close() -> None:
    with pytest.raises(InvalidArgument, match="not well-formed"):
        read("<tt>" + "<!DOCTYPE" * 100_000, Format.TTML)


def test_a_rate_of_thousands_of_digits() -> None:
    captions = read(f'<tt frameRate="{"9" * 5000}"><body><div><p begin="1s" end="2s">a</p></div></body></tt>')
    assert [cue.start for cue in captions.cues] == [1000]
