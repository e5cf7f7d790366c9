"""What chat completion chunks say, whatever a provider puts into them: told, a failure of that provider, or ignored."""

from collections.abc import Iterable
from typing import Any

from services.inference.adapters.openai_errors import in_stream
from services.inference.model.failures import ProviderFailure, Remedy
from services.inference.model.generation import Usage

# Beyond what any call takes, and small enough for the sum of many calls to be a 32-bit number.
MOST_TOKENS = 100_000_000
SPOKEN_PARTS = frozenset({"text", "output_text"})
# How providers say that a limit cut the answer, that they withheld the rest, and that they failed.
LENGTH = frozenset({"length", "max_tokens", "max_output_tokens", "model_length"})
FILTERED = frozenset({"content_filter", "safety", "recitation", "prohibited_content", "blocklist", "refusal"})
FAILED = frozenset({"error", "insufficient_system_resource", "abort", "malformed_function_call"})


class Told:
    """What chunks have said together. `thought` counts letters of reasoning, which is not shown."""

    __slots__ = ("finish_reason", "texts", "thought", "usage")

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.thought = 0
        self.finish_reason = ""
        self.usage: Usage | None = None

    def add(self, chunks: Iterable[Any]) -> None:
        """Raises ProviderFailure where a chunk tells of an error, or is none."""
        for chunk in chunks:
            if type(chunk) is not dict:
                raise garbled()
            if error := chunk.get("error"):
                raise in_stream(error)
            if choices := chunk.get("choices"):
                if type(choices) is not list:
                    raise garbled()
                for choice in choices:
                    self._choose(choice)
            if body := chunk.get("usage"):
                self.usage = usage_of(body) or self.usage

    def _choose(self, choice: Any) -> None:
        if type(choice) is not dict:
            raise garbled()
        if choice.get("index"):
            return  # one answer was asked for, and this is another
        if delta := choice.get("delta"):
            if type(delta) is not dict:
                raise garbled()
            content = delta.get("content")
            if content and type(content) is str:
                self.texts.append(content)
            elif content:
                self._add_parts(content)
            else:
                self._think(delta.get("reasoning_content") or delta.get("reasoning"))
        if reason := choice.get("finish_reason"):
            self.finish_reason = _ending(reason)

    def _add_parts(self, content: Any) -> None:
        """Content as parts, of which the text is said, and whatever else there is is not."""
        for part in content if type(content) is list else [content]:
            if type(part) is str:
                self.texts.append(part)
            elif type(part) is not dict:
                raise garbled()
            elif part.get("type", "text") not in SPOKEN_PARTS:
                self.thought += 1
            elif type(text := part.get("text")) is str:
                self.texts.append(text)

    def _think(self, reasoning: Any) -> None:
        if reasoning:
            self.thought += len(reasoning) if type(reasoning) is str else 1


def usage_of(body: Any) -> Usage | None:
    """The tokens that a provider says a call took; None where it does not say it in numbers."""
    if type(body) is not dict:
        return None
    usage = Usage(_count(body.get("prompt_tokens")), _count(body.get("completion_tokens")))
    return usage if usage.total else None


def garbled() -> ProviderFailure:
    return ProviderFailure(Remedy.RETRY, "garbled", "the provider sent what is no answer")


def _count(value: Any) -> int:
    return int(value) if type(value) in (int, float) and 0 <= value <= MOST_TOKENS else 0


def _ending(reason: Any) -> str:
    if type(reason) is not str:
        raise garbled()
    name = reason.lower()
    if name in FAILED:
        raise ProviderFailure(Remedy.RETRY, "server_error", "the provider failed")
    if name in LENGTH:
        return "length"
    return "content_filter" if name in FILTERED else "stop"
