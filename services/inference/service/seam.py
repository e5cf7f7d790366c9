"""Where a continuation meets what was said before: the words that are said again are trimmed."""

import re

WORD_START = re.compile(r"\S+")
# What may well be a whole word although the next text begins with the same letters.
SHORT_WORDS = frozenset(
    "a,am,an,as,at,be,by,do,go,he,i,if,in,is,it,me,my,no,of,oh,on,or,so,to,up,us,we".split(",")  # noqa: SIM905 - readable
)


class Seam:
    """Joins a continuation to the text before it, holding it back only while it may still be a repetition."""

    def __init__(self, said: str, *, prefill: bool) -> None:
        """`prefill`: the model goes on at the very last character, so nothing is repeated and no space is missing."""
        self._said = said
        self._prefill = prefill
        body = said.rstrip()
        self._endings = [body[match.start() :] for match in WORD_START.finditer(body)]
        self._held: str | None = "" if said else None

    def feed(self, text: str) -> str:
        """What of the text so far is new."""
        if self._held is None:
            return text
        self._held += text
        body = self._held.lstrip()
        if not body or any(len(ending) > len(body) and ending.startswith(body) for ending in self._endings):
            return ""
        if any(ending == body for ending in self._endings):
            return ""  # said again in full; what follows decides how to go on
        return self._joined(body)

    def end(self) -> str:
        """What was held back and turns out to be new, when the continuation ends."""
        body = (self._held or "").lstrip()
        if not body or body in self._endings:
            return ""
        return self._joined(body)

    def _joined(self, body: str) -> str:
        held, self._held = self._held or "", None
        again = max((len(ending) for ending in self._endings if _repeats(body, ending)), default=0)
        if again:
            rest = body[again:]
            return rest.lstrip() if self._said[-1:].isspace() else rest
        if self._prefill or self._said[-1:].isspace() or not (held[0].isalnum() or held[0] in "\"'([*`"):
            return held
        return f" {held}"


def _repeats(body: str, ending: str) -> bool:
    """Whether the continuation begins with the end of what was said, whole words or a word that was cut off."""
    if not body.startswith(ending):
        return False
    whole = len(body) == len(ending) or not (ending[-1].isalnum() and body[len(ending)].isalnum())
    return whole or ending.lower() not in SHORT_WORDS
