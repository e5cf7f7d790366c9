"""An answer's prose: what is not code, mathematics or a link, letter for letter where it stood."""

from dataclasses import dataclass

import regex

_NOT_PROSE = regex.compile(
    r"""
      ^(?P<fence>```++|~~~++)[^\n]*+\n.*?(?:^(?P=fence)[^\n]*+$|\Z)   # fenced code, also while it is not closed yet
    | (?<!`)`[^`\n]{1,500}+`(?!`)                                     # code in a line
    | (?<!`)``(?!`)(?:[^`\n]|`(?!`)){1,500}+``(?!`)
    | \$\$[^$]{1,2000}+\$\$                                           # mathematics
    | \\\[(?:[^\\]|\\(?!\])){1,2000}+\\\]
    | \\\((?:[^\\\n]|\\(?!\))){1,500}+\\\)
    | (?<![\\$\w])\$(?=[^\s$])[^\n$]{1,200}+(?<=\S)\$(?![\d\w])
    | (?<=\])\([^\s()]{1,2000}+\)                                     # where a link leads
    | https?://\S++
    """,
    regex.VERBOSE | regex.MULTILINE | regex.DOTALL,
)
_VISIBLE = regex.compile(r"[^\s]")
_MARKS = ("`", "~~~", "$", "\\", "://", "](")


@dataclass(frozen=True, slots=True)
class Prose:
    """A text with everything else made spaces, so that places in the one are places in the other.

    `gaps` are the stretches that are no prose, in their order.
    """

    text: str
    gaps: tuple[tuple[int, int], ...] = ()

    def is_whole_at(self, place: int) -> bool:
        """Whether no gap goes on from before the place to behind it."""
        return not any(start < place < end for start, end in self.gaps)


def prose_of(text: str) -> Prose:
    """The prose of a text that begins outside of code and mathematics."""
    if not any(mark in text for mark in _MARKS):
        return Prose(text)
    gaps = tuple(match.span() for match in _NOT_PROSE.finditer(text))
    return Prose(_NOT_PROSE.sub(lambda match: _VISIBLE.sub(" ", match[0]), text), gaps)
