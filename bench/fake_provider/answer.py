"""The words that the fake provider says: numbered, so that missing and repeated ones can be counted."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from bench.fake_provider.script import Script

_WORD = re.compile(r"\s*\S+")
NUMBERED = re.compile(r"\bw(\d{4})\b")
WIDTH = len("w0000")


def word(number: int) -> str:
    return f"w{number:04d}"


def numbers_in(text: str) -> list[int]:
    """The numbers of the words of an answer, in the order in which they stand."""
    return [int(number) for number in NUMBERED.findall(text)]


def pieces(script: Script, messages: Sequence[dict[str, Any]]) -> list[str]:
    """The answer in the pieces that are streamed, one word in each; the rest of it where one is to be continued."""
    said = _said(messages)
    if script.text:
        return _words(script.text if said is None else script.text.removeprefix(said))
    if said is None:
        return _numbered(1, script.words)
    return _rest(script, said)


def tokens_of(messages: Sequence[dict[str, Any]]) -> int:
    return sum(len(str(message.get("content", "")).split()) + 4 for message in messages)


@lru_cache(maxsize=64)
def _words(text: str) -> list[str]:
    return _WORD.findall(text)


def _numbered(first: int, last: int) -> list[str]:
    return [(" " if number > 1 else "") + word(number) for number in range(first, last + 1)]


def _said(messages: Sequence[dict[str, Any]]) -> str | None:
    """What was said of the answer that is to be continued, by the assistant's last words."""
    *before, last = messages or [{}]
    if before and last.get("role") == "user" and "continue" in str(last.get("content", "")).lower():
        last = before[-1]
    return str(last.get("content", "")) if last.get("role") == "assistant" else None


def _rest(script: Script, said: str) -> list[str]:
    last = max(numbers_in(said), default=0)
    if script.prefill:
        fragment = re.search(r"(\s?)(w\d{0,3})$", said)
        rest = _numbered(last + 1, script.words)
        if fragment and rest:
            rest[0] = rest[0].strip()[len(fragment[2]) :]
        return rest
    rest = _numbered(max(1, last + 1 - script.repeat_words), script.words)
    return [rest[0].strip(), *rest[1:]] if rest else []
