"""The fence of a prompt's sources has no place in an answer, but small models repeat it."""

import re

PREFIX = "text-"
TAG = re.compile(rf"</?{PREFIX}[0-9a-f]*>?\s*")
BEGUN = re.compile(rf"<(/?((?:{'|'.join(PREFIX[:n] for n in range(len(PREFIX), 0, -1))})[0-9a-f]*)?)?$")


class Echo:
    """Takes fences out of a stream: before the first word they are dropped, after it they end the answer."""

    def __init__(self) -> None:
        self.ended = False
        self._held = ""
        self._spoken = False

    def feed(self, text: str) -> str:
        """What may be shown; nothing once the answer has `ended`."""
        text, self._held = self._held + text, ""
        if "<" not in text or self.ended:
            self._spoken = self._spoken or bool(text.strip())
            return "" if self.ended else text
        while tag := TAG.search(text):
            if tag.end() == len(text) and not tag[0].rstrip().endswith(">"):
                break  # the tag is still coming
            before = text[: tag.start()]
            if self._spoken or before.strip():
                self.ended = True
                return before
            text = text[tag.end() :]
        if begun := BEGUN.search(text):
            text, self._held = text[: begun.start()], text[begun.start() :]
        self._spoken = self._spoken or bool(text.strip())
        return text

    def end(self) -> str:
        """What was held back and was no fence."""
        held, self._held = self._held, ""
        return "" if self.ended or TAG.match(held) else held
