"""SAMI: what is written behind `<SYNC Start=milliseconds>`, up to the next one; one of its languages is read."""

import re
from collections import defaultdict
from collections.abc import Iterator

from services.context.captions.findings import Findings, line
from services.context.captions.formats.youtube import cut_at_next
from services.context.captions.model import RawCue
from services.context.captions.stamps import within_reason

_SYNC = re.compile(r"<SYNC\b[^<>]{0,200}?\bStart\s*=\s*[\"']?(-?[0-9]{1,10})[^<>]{0,200}>", re.IGNORECASE)
_PARAGRAPH = re.compile(r"<P\b[^<>]{0,200}?\bClass\s*=\s*[\"']?([\w-]{1,40})[^<>]{0,200}>", re.IGNORECASE)
_HIDDEN = re.compile(r"<!--(?:(?!<!--|-->).)*+-->|</?(?:P|SAMI|BODY|SYNC)\b[^<>]*>", re.IGNORECASE | re.DOTALL)


def read_sami(text: str, findings: Findings) -> Iterator[RawCue]:
    spoken: defaultdict[str, list[RawCue]] = defaultdict(list)
    parts = _SYNC.split(text)
    number = parts[0].count("\n") + 1
    for start, written in zip(parts[1::2], parts[2::2], strict=True):
        for language, words in _languages(written):
            spoken[language].append(RawCue(line(number), _moment(start), None, words))
        number += written.count("\n")
    if not spoken:
        return iter(())
    chosen = max(spoken, key=lambda language: sum(bool(_is_said(cue)) for cue in spoken[language]))
    for language in spoken:
        if language != chosen and any(map(_is_said, spoken[language])):
            findings.note(line(1), f"several languages; {chosen or 'the first'} is read, {language} left out")
    return cut_at_next(_ended(spoken[chosen]))


def _languages(written: str) -> Iterator[tuple[str, str]]:
    parts = _PARAGRAPH.split(written)
    if _HIDDEN.sub("", parts[0]).strip() or len(parts) == 1:
        yield "", _HIDDEN.sub("", parts[0])
    for language, words in zip(parts[1::2], parts[2::2], strict=True):
        yield language.upper(), _HIDDEN.sub("", words)


def _ended(cues: list[RawCue]) -> Iterator[RawCue]:
    """Each cue ends at the next mark of its language, which may say nothing."""
    for at, cue in enumerate(cues):
        following = cues[at + 1] if at + 1 < len(cues) else None
        if _is_said(cue):
            yield RawCue(cue.place, cue.start, following.start if following else None, cue.text)


def _is_said(cue: RawCue) -> bool:
    return bool(cue.text.replace("&nbsp;", " ").strip())


def _moment(written: str) -> int | None:
    return within_reason(max(0, int(written)))
