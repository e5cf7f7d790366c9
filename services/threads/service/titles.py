"""A thread's title before a better one is known: the beginning of its first question."""

TITLE_LENGTH = 80


def title_of(question: str) -> str:
    """The first words, on one line, cut between words where that keeps most of the room."""
    words = " ".join(question.split())
    if len(words) <= TITLE_LENGTH:
        return words
    head = words[: TITLE_LENGTH - 1]
    cut = head.rfind(" ")
    return (head[:cut] if cut > TITLE_LENGTH // 2 else head) + "…"
