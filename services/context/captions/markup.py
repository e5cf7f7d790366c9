"""Plain words out of the markup that captions carry."""

import html
import re
import unicodedata

# Markup of captions, and of pages. Other words in angle brackets are words: `vector<int>`, `a < b`.
_CAPTIONS = frozenset({"c", "i", "b", "u", "s", "v", "lang", "ruby", "rt", "rp", "em", "strong", "font", "span"})
_PAGES = frozenset(
    {"bold", "italic", "underline", "p", "div", "a", "small", "big", "sub", "sup", "script", "style", "img", "iframe"}
)
_ATTRIBUTE = r"\s+[A-Za-z_:][\w:.-]{0,40}\s?=\s?(?:\"[^\"<>]{0,300}\"|'[^'<>]{0,300}'|[^\s\"'<>=&]{1,300})"
_TAG = re.compile(
    r"<(?P<close>/?)(?P<name>[A-Za-z]{1,9})(?P<classes>(?:\.[^\s<>.&]{1,60}){0,8})"
    rf"(?P<attributes>(?:{_ATTRIBUTE}){{0,8}})(?P<annotation>(?:\s[^<>]{{0,200}})?)/?>"
)
_STAMP = re.compile(r"<[0-9]{1,3}(?::[0-9]{2}){1,2}[.,][0-9]{1,6}>")
_COMMENT = re.compile(r"<!--[^<>]{0,2000}-->")
# Overrides of SubStation Alpha in the words, known by their names: `{\bf x}` is mathematics.
_OVERRIDE = re.compile(
    r"\{(?:\\(?:an|be?|blur|[xy]?bord|[1-4]?[ac]|alpha|i?clip|fade?|fa[xy]|fe|fs(?:p|c[xy])?|fr[xyz]?|i|[Kk][fo]?|move|org"
    r"|pb?o?|pos|q|[xy]?shad|[su])(?=[0-9&(.+-])[^\\{}]{0,200}|\\(?:fn|r)[^\\{}]{0,60}){1,20}+\}"
)
_BREAK = re.compile(r"<br\s{0,3}/?>", re.IGNORECASE)
_CLOSED = re.compile(r"</([a-z]{1,9})\s?>")
_OPENED = re.compile(r"<([a-z]{1,9})[\s.>]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")


def plain(text: str) -> str:
    """The words without tags, with entities decoded, composed, and white space made single spaces."""
    if "\\" in text:
        text = _OVERRIDE.sub("", text)
    if "\\N" in text:
        text = " ".join(map(_without_hard_breaks, text.split(" ")))
    if "<" in text:
        text = _without_tags(_BREAK.sub(" ", text))
    if "&" in text:
        text = _ENTITY.sub(_entity, text)
    if _SURROGATE.search(text):
        # Halves that belong together were kept apart; one without the other is no letter.
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
    return " ".join(unicodedata.normalize("NFC", text).split())


def _without_hard_breaks(run: str) -> str:
    r"""Takes `\N` for a line end, but not in paths: `C:\New`."""
    return run if ":\\" in run or run.startswith("\\\\") else run.replace("\\N", " ")


def _without_tags(text: str) -> str:
    text = _COMMENT.sub("", _STAMP.sub("", text))
    lower = text.lower()
    pairs = frozenset(_OPENED.findall(lower)) & frozenset(_CLOSED.findall(lower))
    return _TAG.sub(lambda found: "" if _is_markup(found, pairs) else found[0], text)


def _is_markup(found: re.Match[str], pairs: frozenset[str]) -> bool:
    """Whether a tag is one by its grammar, and not the words between two signs of less and greater."""
    name = found["name"].lower()
    if name not in _CAPTIONS and name not in _PAGES:
        return False
    if found["annotation"].strip(" \t\n/"):
        return _is_annotated(found, name, pairs)
    if found["close"]:
        return name in _CAPTIONS or name in pairs
    if name in _CAPTIONS and not (len(name) == 1 and _is_glued(found)):
        return True
    return bool(found["attributes"] or found["classes"]) or name in pairs


def _is_annotated(found: re.Match[str], name: str, pairs: frozenset[str]) -> bool:
    """Voices and languages alone have words in their tags; they begin a line, or stand in a pair."""
    if found["close"] or name not in ("v", "lang"):
        return False
    before = found.string[max(0, found.start() - 20) : found.start()].rstrip(" \t")
    return not before or before[-1] in "\n>-–—" or name in pairs


def _is_glued(found: re.Match[str]) -> bool:
    """Whether it stands right behind a letter, as in `a<b>c`."""
    before = found.string[max(0, found.start() - 1) : found.start()]
    return bool(before) and (before.isalnum() or before in ")]_")


def _entity(found: re.Match[str]) -> str:
    letter = html.unescape(found[0])
    return "" if letter in ("\ufffd", "\x00") else letter
