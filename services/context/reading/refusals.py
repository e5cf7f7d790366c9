"""Why a document has no text that could be kept."""

TOO_HEAVY = "takes too much memory or time to read"
DAMAGED = "is damaged"
ENCRYPTED = "is encrypted; upload it without a password"
TOO_LONG = "has more text than can be searched"

# In letters: what a page is stored and shown as.
LONGEST_PAGE = 1_000_000
LONGEST_DOCUMENT = 64 * 1024 * 1024


class UnreadableError(Exception):
    """The message completes a sentence that begins with `the document`."""


def too_many(count: int, most: int, pages: str = "pages") -> UnreadableError:
    return UnreadableError(f"has {count:,} {pages}; at most {most:,} are read")
