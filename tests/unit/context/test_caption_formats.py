"""Captions of each format, with the faults that real files have."""

import json

import pytest

from kit.errors import InvalidArgument
from services.context.captions.model import Format
from services.context.captions.reading import Captions, read

Said = list[tuple[float | None, str]]

TTML = """<?xml version="1.0" encoding="utf-16"?>
<tt xmlns="http://www.w3.org/ns/ttml" xmlns:ttp="http://www.w3.org/ns/ttml#parameter" ttp:frameRate="25"
 ttp:tickRate="10">
<head><metadata><p>not said</p></metadata></head>
<body begin="10s"><div>
<p begin="00:00:01.5" end="00:00:03.0">A tensor<br/>has parts &lt;b&gt;.</p>
<p begin="00:00:03:05" dur="2s">By frames.</p>
<p begin="60t" end="9s"><span>By</span> <span>ticks.</span></p>
</div></body></tt>"""
JSON3 = json.dumps(
    {
        "wireMagic": "pb3",
        "events": [
            {"tStartMs": 0, "dDurationMs": 60_000, "id": 1},
            {"tStartMs": 500, "dDurationMs": 5000, "segs": [{"utf8": "one"}, {"utf8": " two", "tOffsetMs": 300}]},
            {"tStartMs": 2000, "aAppend": 1, "segs": [{"utf8": "\n"}]},
            {"tStartMs": 2500, "dDurationMs": 3000, "segs": [{"utf8": "a <b> c"}]},
        ],
    }
)
SRV3 = """<?xml version="1.0" encoding="utf-8" ?><timedtext format="3"><head><ws id="0"/></head><body>
<w t="0" id="1"/><p t="500" d="5000" w="1"><s ac="0">one</s><s t="300"> two</s></p>
<p t="2000" d="10" w="1" a="1">
</p><p t="2500" d="3000" w="1"><s>three</s></p></body></timedtext>"""
SRV1 = """<?xml version="1.0" encoding="utf-8" ?><transcript><text start="0.5" dur="5">it&amp;#39;s one</text>
<text start="2.5" dur="3">two &amp;amp; three</text></transcript>"""
ASS = """[Script Info]
Title: not said
[V4+ Styles]
Format: Name, Fontname
Style: Default,Arial
[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Comment: 0,0:00:00.00,0:00:09.00,Default,,0,0,0,,not said
Dialogue: 0,0:00:01.50,0:00:03.00,Default,Ann,0,0,0,,{\\an8\\k20}First{\\k30}, with a comma\\Nand a line
Dialogue: 1,0:00:01.50,0:00:03.00,Default,Ann,0,0,0,,{\\an8\\k20}First{\\k30}, with a comma\\Nand a line
Dialogue: 0,0:00:04.00,0:00:05.00,Default,,0,0,0,,{\\p1}m 0 0 l 9 9{\\p0}second
"""
SAMI = """<SAMI><HEAD><STYLE TYPE="text/css"><!-- P { color: white } .ENCC { Name: English; } --></STYLE></HEAD><BODY>
<SYNC Start=1500><P Class=ENCC>First<br>line
<SYNC Start=3000><P Class=ENCC>&nbsp;
<SYNC Start=4000><P Class=ENCC>second
</BODY></SAMI>"""
SUBVIEWER = """[INFORMATION]
[TITLE]x
[END INFORMATION]
[SUBTITLE]
00:00:01.50,00:00:03.00
First[br]line

00:00:04.00,00:00:05.00
second
"""

READ: list[tuple[Format, str, Said]] = [
    (Format.TTML, TTML, [(11.5, "A tensor has parts <b>."), (13.2, "By frames."), (16.0, "By ticks.")]),
    (Format.JSON, JSON3, [(0.5, "one two"), (2.5, "a <b> c")]),
    (Format.YOUTUBE_XML, SRV3, [(0.5, "one two"), (2.5, "three")]),
    (Format.YOUTUBE_XML, SRV1, [(0.5, "it's one"), (2.5, "two & three")]),
    (Format.ASS, ASS, [(1.5, "First, with a comma and a line"), (4.0, "second")]),
    (Format.SAMI, SAMI, [(1.5, "First line"), (4.0, "second")]),
    (Format.SBV, SUBVIEWER, [(1.5, "First line"), (4.0, "second")]),
    (
        Format.SBV,
        "0:00:01.500,0:00:03.000\nFirst\n\n0:00:04.000,0:00:05.000\nsecond\n",
        [(1.5, "First"), (4.0, "second")],
    ),
    (
        Format.MICRODVD,
        "{1}{1}25.000\n{25}{50}{y:i}First|line\n{100}{125}second\n",
        [(1.0, "First line"), (4.0, "second")],
    ),
    (Format.MICRODVD, "[15][30]First|/line\n[40][50]second\n", [(1.5, "First line"), (4.0, "second")]),
    (
        Format.LRC,
        "[ti:not said]\n[00:01.50]First\n[00:03.00]\n[00:04.00]<00:04.00>sec<00:04.50>ond\n",
        [(1.5, "First"), (4.0, "second")],
    ),
    (Format.LRC, "0:01\nFirst\nline\n0:04\nsecond\n", [(1.0, "First line"), (4.0, "second")]),
    (
        Format.LRC,
        "[00:00:01] Ann: First\n[00:00:04] Bob: second\n[01:00:00] third\n",
        [(1.0, "Ann: First"), (4.0, "Bob: second"), (3600.0, "third")],
    ),
    (
        Format.TABLE,
        'start\tend\ttext\n1500\t3000\tHe said "yes"\n4000\t5000\tsecond\n',
        [(1.5, 'He said "yes"'), (4.0, "second")],
    ),
    (
        Format.TABLE,
        'start,end,text\n1500,3000,"First, line"\n4000,5000,second\n',
        [(1.5, "First, line"), (4.0, "second")],
    ),
    (
        Format.TABLE,
        "Start,End,Text\n00:00:01.500,00:00:03.000,First\n00:00:04.000,00:00:05.000,second\n",
        [(1.5, "First"), (4.0, "second")],
    ),
    (Format.JSON, '{"transcription": [{"offsets": {"from": 1500, "to": 3000}, "text": " First"}]}', [(1.5, "First")]),
    (
        Format.JSON,
        '{"start": [1500, 4000], "end": [3000, 5000], "text": ["First", "second"]}',
        [(1.5, "First"), (4.0, "second")],
    ),
    (Format.JSON, '{"body": [{"from": 1.5, "to": 3.0, "content": "First"}]}', [(1.5, "First")]),
    (Format.JSON, '{"segments": [{"startTime": 1.5, "endTime": 3, "body": "First"}]}', [(1.5, "First")]),
    (
        Format.JSON,
        '[{"start": 1500, "end": 3000, "text": "First"}, {"start": 4000, "end": 5000, "text": "second"}]',
        [(1.5, "First"), (4.0, "second")],
    ),
]


def said(captions: Captions) -> Said:
    return [(None if cue.start is None else cue.start / 1000, cue.text) for cue in captions.cues]


@pytest.mark.parametrize(("form", "text", "wanted"), READ, ids=[f"{form}-{at}" for at, (form, *_) in enumerate(READ)])
def test_each_format_is_found_out_and_read_with_its_times(form: Format, text: str, wanted: Said) -> None:
    captions = read(text)
    assert (captions.format, said(captions)) == (form, wanted)
    assert said(read(text, form)) == wanted


@pytest.mark.parametrize(
    ("source", "name"),
    [
        (b"Scenarist_SCC V1.0\n\n00:00:01:00\t9420 9420", "Scenarist"),
        (b"850STL25.01" + b"0" * 1024, "EBU STL"),
        (b"%PDF-1.7", "PDF"),
        (b"PK\x03\x04docx", "office document"),
        (b"# VobSub index file, v7", "VobSub"),
        (b"{\\rtf1 words}", "RTF"),
        (b"<!DOCTYPE html>\n<html><body>Sign in</body></html>", "web page"),
        (b'<?xml version="1.0"?>\n<fcpxml version="1.9"></fcpxml>', "fcpxml"),
        (b"01:00:01:00 01:00:03:12\nFirst\n\n01:00:04:00 01:00:05:00\nsecond", "count frames"),
        (b"{25}{50}First\n{100}{125}second", "frames"),
        (b'{"monologues": []}', "`segments`"),
    ],
    ids=lambda value: value[:12].decode("latin-1") if isinstance(value, bytes) else "",
)
def test_what_is_not_read_is_refused_by_name(source: bytes, name: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        read(source)
    assert name in caught.value.message


@pytest.mark.parametrize(
    ("given", "text", "form"),
    [
        (Format.SRT, "WEBVTT\n\nNOTE x\n\n00:01.000 --> 00:02.000\nwords", Format.VTT),
        (Format.VTT, "1\n00:00:01,000 --> 00:00:02,000\nwords", Format.SRT),
        (Format.TEXT, "1\n00:00:01,000 --> 00:00:02,000\nwords", Format.SRT),
        (Format.JSON, "0:00:01.000,0:00:02.000\nwords", Format.SBV),
        (Format.VTT, '[{"start": 1, "end": 2, "text": "words"}]', Format.JSON),
        (
            Format.SRT,
            '<tt xmlns="http://www.w3.org/ns/ttml"><body><p begin="1s" end="2s">words</p></body></tt>',
            Format.TTML,
        ),
    ],
)
def test_a_format_that_is_plainly_wrong_is_told_and_the_right_one_read(given: Format, text: str, form: Format) -> None:
    captions = read(text, given)
    assert (captions.format, said(captions)) == (form, [(1.0, "words")])
    assert any("given as" in warning for warning in captions.warnings)


def test_broken_xml_is_mended_where_it_can_be_and_its_line_named_where_not() -> None:
    mended = read(
        '<tt xmlns="x">\n<body tts:color="red"><p begin="1s" end="2s">R&D and&nbsp;more<br>words</p></body></tt>'
    )
    assert said(mended) == [(1.0, "R&D and more words")]
    assert len(mended.warnings) == 2
    with pytest.raises(InvalidArgument) as caught:
        read("<tt>\n<body>\n<p begin='1s'>words</body></tt>")
    assert caught.value.message.startswith("line 3: not well-formed XML")


def test_xml_that_declares_entities_is_refused() -> None:
    bomb = '<!DOCTYPE tt [<!ENTITY a "words"><!ENTITY b "&a;&a;">]><tt><body><p begin="1s">&b;</p></body></tt>'
    with pytest.raises(InvalidArgument):
        read(bomb, Format.TTML)


def test_times_of_a_sequence_follow_each_other() -> None:
    one, two = '<div dur="10s"><p begin="1s" dur="2s">a</p></div>', '<div dur="5s"><p begin="1s" dur="2s">b</p></div>'
    text = f'<tt xmlns="x"><body timeContainer="seq">{one}{two}</body></tt>'
    assert said(read(text)) == [(1.0, "a"), (11.0, "b")]


def test_spans_with_times_of_their_own_are_cues() -> None:
    text = (
        '<tt xmlns="x"><body><p><span begin="1s" end="3s">First of all</span> <span begin="4s">then the rest</span></p>'
        '<p begin="9s" end="11s"><span begin="0s">word</span> <span begin="1s">by</span></p></body></tt>'
    )
    assert said(read(text)) == [(1.0, "First of all"), (4.0, "then the rest"), (9.0, "word by")]


def test_of_several_languages_of_a_file_one_is_read_and_the_others_told() -> None:
    both = "<SYNC Start=1000><P Class=ENCC>one<P Class=KRCC>하나"
    text = f"<SAMI><BODY>{both}<SYNC Start=2000><P Class=ENCC>two</BODY></SAMI>"
    captions = read(text)
    assert said(captions) == [(1.0, "one"), (2.0, "two")]
    assert "KRCC left out" in captions.warnings[0]
