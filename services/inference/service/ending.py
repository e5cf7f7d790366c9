"""Where an answer is ended here, because the provider does not do it: before a stop text, and at its length."""

from services.inference.service import tokens

# Letters are a rough measure of tokens: an answer is not cut before it is surely longer than it may be.
SLACK = 1.25


class Ending:
    """Takes the text of one answer as it comes; `reason` says why it ended, and is empty until it has."""

    def __init__(self, stops: tuple[str, ...], most_tokens: int) -> None:
        """`most_tokens` of 0 sets no limit."""
        self.reason = ""
        self._stops = stops
        self._kept = max(map(len, stops), default=1) - 1  # so much may be the beginning of a stop text
        self._left = most_tokens * SLACK if most_tokens else None
        self._held = ""

    def feed(self, text: str) -> str:
        """What may be shown of it; nothing once it has ended."""
        if self.reason:
            return ""
        return self._within(self._before_stop(text) if self._stops else text)

    def end(self) -> str:
        """What was held back and was no stop text."""
        held, self._held = self._held, ""
        return "" if self.reason else self._within(held)

    def _before_stop(self, text: str) -> str:
        text = self._held + text
        found = min((at for stop in self._stops if (at := text.find(stop)) >= 0), default=-1)
        if found >= 0:
            self.reason = "stop"
            return text[:found]
        shown = len(text) - self._kept
        self._held = text[max(0, shown) :]
        return text[: max(0, shown)]

    def _within(self, text: str) -> str:
        if self._left is None or not text:
            return text
        weight = tokens.weight(text)
        if weight > self._left:
            text = text[: int(len(text) * self._left / weight)]
            self.reason = "length"
        self._left -= weight
        return text
