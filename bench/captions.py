"""Real caption files, read as an import reads them: which words of each are lost or said twice.

Run it with `python -m bench captions FOLDER`. The words of a file are found a second time by a plain reader that shares
nothing with the importer: what is left of the lines when times, numbers, headers and tags are taken away. Files are of
any of the formats that it knows (.srt, .vtt, .sbv, .ttml, .ass, .json3); what differs is printed with its context.
"""

import argparse
import difflib
import html
import json
import re
import sys
import time
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from kit.errors import InvalidArgument
from services.context.captions.reading import Captions, read

ENDINGS = (".srt", ".vtt", ".sbv", ".ttml", ".dfxp", ".ass", ".ssa", ".json3")
SHOWN = 5
_TIMES = re.compile(r"-?\d+:\d+.*(?:-->|,\d+:\d\d:).*\d")
_WORD = re.compile(r"[^\W_]+")
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<\d[\d:.]*>|\{\\[^{}]*\}")
_BLOCK = re.compile(r"(?:NOTE|STYLE|REGION)\b")


@dataclass(frozen=True, slots=True)
class Difference:
    """Words of a file that its cues lack, and those that they have beyond it."""

    lost: Sequence[str]
    added: Sequence[str]

    def __bool__(self) -> bool:
        return bool(self.lost or self.added)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench captions", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--most", type=int, default=0, help="files at the most, spread over the folder")
    options = parser.parse_args(arguments)
    files = sorted(each for each in options.folder.rglob("*") if each.suffix.lower() in ENDINGS and each.is_file())
    if options.most:
        files = files[:: max(1, len(files) // options.most)][: options.most]
    sys.exit(0 if _tried(files) else 1)


def _tried(files: Sequence[Path]) -> bool:
    outcomes, cues, seconds = Counter[str](), 0, time.process_time()
    for file in files:
        outcome, count = _outcome(file)
        outcomes[outcome] += 1
        cues += count
    seconds = time.process_time() - seconds
    print(f"{len(files)} files, {cues:,} cues in {seconds:.1f} s:", dict(outcomes))
    return not outcomes["differs"]


def _outcome(file: Path) -> tuple[str, int]:
    source = file.read_bytes()
    try:
        captions = read(source)
    except InvalidArgument as refusal:
        print(f"{file}: refused: {refusal.message}")
        return "refused", 0
    difference = compared(plain_words(file, source), captions)
    if difference:
        print(f"{file}: lost {list(difference.lost)[:SHOWN]}, added {list(difference.added)[:SHOWN]}")
        print("   ", *captions.warnings[:SHOWN], sep="\n    ")
    told = "whole, with repairs told" if captions.warnings else "whole"
    return "differs" if difference else told, len(captions.cues)


def compared(wanted: Sequence[str], captions: Captions) -> Difference:
    """By the order of the words, unless the cues were put into another order than the file's: then by their number."""
    found = words(" ".join(cue.text for cue in captions.cues))
    if Counter(wanted) == Counter(found):
        return Difference((), ())
    lost, added = list[str](), list[str]()
    matcher = difflib.SequenceMatcher(None, wanted, found, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind != "equal":
            lost += [" ".join(wanted[a:b])] if a < b else []
            added += [" ".join(found[c:d])] if c < d else []
    return Difference(lost, added)


def words(text: str) -> list[str]:
    return _WORD.findall(unicodedata.normalize("NFC", text))


def plain_words(file: Path, source: bytes) -> list[str]:
    """The words of a file by the simplest reading of it."""
    text = _text(source)
    if file.suffix.lower() == ".json3":
        segments = (each for event in json.loads(text)["events"] for each in event.get("segs", ()))
        return words("".join(each.get("utf8", "") for each in segments))
    if file.suffix.lower() in (".ttml", ".dfxp"):
        return words(_of_xml(text))
    if file.suffix.lower() in (".ass", ".ssa"):
        lines = [line.split(",", 9)[-1] for line in text.splitlines() if line.startswith("Dialogue:")]
        return words(re.sub(r"\{[^}]*\}", "", "\n".join(lines)).replace("\\N", " ").replace("\\h", " "))
    rows = list(_rows(text, is_vtt=file.suffix.lower() == ".vtt"))
    return words("\n".join(html.unescape(_TAG.sub("", row)) for row in rows))


def _text(source: bytes) -> str:
    for encoding in ("utf-8-sig", "utf-16" if source[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8", "cp1252"):
        try:
            return source.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
        except UnicodeDecodeError:
            continue
    return source.decode("latin-1")


def _of_xml(text: str) -> str:
    root = ElementTree.fromstring(text)
    for line_break in root.findall(".//{*}br"):
        line_break.text = " "
    return " ".join("".join(each.itertext()) for each in root.findall(".//{*}p"))


def _rows(text: str, *, is_vtt: bool) -> Iterator[str]:
    """The lines that are said, of rolling captions the ones that are spoken when they are shown."""
    lines = text.split("\n")
    is_rolling = is_vtt and bool(re.search(r"<\d\d:\d\d:\d\d\.\d+><c>", text))
    last = ""
    for at in _said(lines, is_vtt=is_vtt):
        line = lines[at]
        if not is_rolling:
            yield line
        elif (spoken := _TAG.sub("", line).strip()) and spoken != last:
            yield line
            last = spoken


def _said(lines: Sequence[str], *, is_vtt: bool) -> Iterator[int]:
    """The places of the lines that are neither times nor numbers nor headers."""
    is_said = is_hidden = False
    for at, line in enumerate(lines):
        if _TIMES.match(line.strip()):
            is_said, is_hidden = True, False
        elif not line.strip():
            is_hidden = False
        elif is_vtt and _BLOCK.match(line) and not lines[at - 1].strip():
            is_hidden = True
        elif is_said and not is_hidden and not _is_number(lines, at):
            yield at


def _is_number(lines: Sequence[str], at: int) -> bool:
    """Whether a line stands above times as a number, or behind a blank line as a name."""
    is_above_times = at + 1 < len(lines) and bool(_TIMES.match(lines[at + 1].strip()))
    return is_above_times and (lines[at].strip().isdecimal() or not lines[at - 1].strip())


if __name__ == "__main__":
    main()
