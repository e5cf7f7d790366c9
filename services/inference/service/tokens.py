"""How many tokens a text has, about: vocabularies differ by model, so prompts are bounded with some room."""

from collections.abc import Iterable

from services.inference.model.generation import Message

ASCII_PER_TOKEN = 3.6
OTHER_PER_TOKEN = 1.4
PER_MESSAGE = 5
PER_IMAGE = 1500


def weight(text: str) -> float:
    """Tokens of a text, of which the parts of a longer one may be added up."""
    plain = len(text) if text.isascii() else len(text.encode("ascii", "ignore"))
    return plain / ASCII_PER_TOKEN + (len(text) - plain) / OTHER_PER_TOKEN


def estimate(text: str) -> int:
    """Tokens of a text, rather too many than too few."""
    return int(weight(text)) + 1 if text else 0


def of_messages(messages: Iterable[Message]) -> int:
    return sum(estimate(message.text) + PER_MESSAGE + PER_IMAGE * len(message.images) for message in messages)


def shortened(text: str, tokens: int) -> str:
    """The beginning of a text that is about so many tokens long, ending at a word."""
    if estimate(text) <= tokens:
        return text
    share = max(0, tokens) / estimate(text)
    return text[: int(len(text) * share)].rsplit(" ", 1)[0].rstrip() + " …"
