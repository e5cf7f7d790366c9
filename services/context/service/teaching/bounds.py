"""How much a model reads and writes for one chapter or quiz."""

import re
from dataclasses import dataclass
from typing import Any

SHORTER = 5 / 14
MOST_SENTENCES = 16
FEWEST_LETTERS, MOST_LETTERS = 24, 220
SENTENCE_END = re.compile(r"(?<=[.!?])\s+|(?<=[。！？।])\s*")


@dataclass(frozen=True, slots=True)
class Bounds:
    """Lengths are in characters, `tokens` bounds one text; so many texts are written `at_once` for one course.

    With `strict` the schema bounds each text and list, and offers the sentences that may be quoted: small models write
    on and on otherwise, and copy nothing exactly. OpenAI's own API takes no such schema.
    """

    characters: int = 14_000
    tokens: int = 2000
    chapters: int = 20
    questions: int = 5
    at_once: int = 8
    strict: bool = False

    @property
    def rooms(self) -> tuple[int, ...]:
        """Characters of material in each attempt: what a model can't make sense of, it may in a shorter form."""
        shorter = max(1, round(self.characters * SHORTER))
        return (self.characters, shorter, shorter) if self.strict else (self.characters, shorter)

    def text(self, longest: int) -> dict[str, Any]:
        """The schema of a text."""
        return {"type": "string", **({"minLength": 1, "maxLength": longest} if self.strict else {})}

    def number(self, first: int, last: int) -> dict[str, Any]:
        """The schema of a whole number."""
        return {"type": "integer", **({"minimum": first, "maximum": last} if self.strict else {})}

    def items(self, schema: dict[str, Any], fewest: int, most: int) -> dict[str, Any]:
        """The schema of a list."""
        return {"type": "array", "items": schema, **({"minItems": fewest, "maxItems": most} if self.strict else {})}

    def quote(self, material: str) -> dict[str, Any]:
        """The schema of words of the material."""
        sentences = _sentences(material) if self.strict else []
        return {"enum": sentences} if sentences else {"type": "string"}


def _sentences(text: str) -> list[str]:
    """Some of its sentences, from all parts of it."""
    found = [" ".join(each.split()) for each in SENTENCE_END.split(text)]
    whole = list(dict.fromkeys(each for each in found if FEWEST_LETTERS <= len(each) <= MOST_LETTERS))
    count = min(len(whole), MOST_SENTENCES)
    return [whole[at * len(whole) // count] for at in range(count)]
