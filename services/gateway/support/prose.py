"""An answer's prose: what is not code, mathematics or a link, letter for letter where it stood."""

import regex

_NOT_PROSE = regex.compile(
    r"""
      ^(?P<fence>```+|~~~+)[^\n]*\n.*?(?:^(?P=fence)[^\n]*$|\Z)   # fenced code, also while it is not closed yet
    | (?P<ticks>`+)(?!`).*?(?<!`)(?P=ticks)(?!`)                  # code in a line
    | \$\$.*?(?:\$\$|\Z) | \\\[.*?(?:\\\]|\Z) | \\\(.*?\\\)       # mathematics
    | (?<![\\$\w])\$(?=\S)[^\n$]{1,200}(?<=\S)\$(?![\d\w])
    | (?<=\])\([^\s()]*\)                                         # where a link leads
    | https?://\S+
    """,
    regex.VERBOSE | regex.MULTILINE | regex.DOTALL,
)
_VISIBLE = regex.compile(r"[^\s]")


def has_blocks(answer: str) -> bool:
    """Whether there is code or mathematics that may go on over several lines."""
    return any(mark in answer for mark in ("```", "~~~", "$$", "\\["))


def prose(answer: str) -> str:
    """The answer with everything else made spaces, so that places in the one are places in the other."""
    if not any(mark in answer for mark in ("`", "~~~", "$", "\\", "://", "](")):
        return answer
    return _NOT_PROSE.sub(lambda match: _VISIBLE.sub(" ", match[0]), answer)
