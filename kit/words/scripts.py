"""What the letters of a text say about it."""

import re

# Scripts that are written without spaces between words: kana, Han, Thai, Lao, Khmer, Burmese.
DENSE = (
    "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
)
_DENSE = re.compile(f"[{DENSE}]")
_DENSE_LETTERS_PER_TOKEN = 1.2
_LETTERS_PER_TOKEN = 3.6


def dense_letters(text: str) -> int:
    return 0 if text.isascii() else len(_DENSE.findall(text))


def is_dense(text: str) -> bool:
    """Whether most of the text is written without spaces."""
    return dense_letters(text) * 2 > len(text)


def tokens(text: str) -> int:
    """About how many tokens a model counts in the text, rather too many than too few."""
    dense = dense_letters(text)
    other = len(text) - dense
    wide = 0 if text.isascii() else len(text.encode("utf-8")) - len(text) - 2 * dense
    return int(dense / _DENSE_LETTERS_PER_TOKEN + (other + max(0, wide)) / _LETTERS_PER_TOKEN) + 1
