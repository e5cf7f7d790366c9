"""Plain words out of the markup that captions carry."""

import html
import re

# Names that VTT and HTML give meaning to. Other words in angle brackets are words: `vector<int>`, `a < b`.
_NAMES = "c|i|b|u|s|v|lang|ruby|rt|em|strong|font|span|p|div|a|br|small|big|sub|sup|script|style|img|iframe"
_VOICE = r"v(?:\.[^\s<>]*)?\s[^<>]*|lang\s[^<>]*"
_TAG = re.compile(
    rf"<(?:/?(?:{_NAMES})(?:\.[^\s<>]*)?(?:\s[^<>=]*=[^<>]*|\s*)/?|{_VOICE}|[0-9:.]+|!--[^<>]*--)>", re.IGNORECASE
)
_OVERRIDE = re.compile(r"\{\\[^{}]*\}")
_BREAK = re.compile(r"<br\s*/?>|\\N", re.IGNORECASE)
_SURROGATE = re.compile("[\ud800-\udfff]")


def plain(text: str) -> str:
    """The words without tags, with entities decoded and white space made single spaces."""
    text = _BREAK.sub(" ", text)
    text = _OVERRIDE.sub("", _TAG.sub("", text))
    text = _SURROGATE.sub("\ufffd", html.unescape(text)).replace("\x00", "")
    return " ".join(text.split())
