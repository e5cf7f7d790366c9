"""What the fake provider is told to do, in whole and per request."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Script:
    """How one request is answered. Troubles (`status`, `stall_after`, `cut_after`) hit a share of the requests."""

    words: int = 50
    text: str = ""  # answers with this instead of numbered words
    first_token_ms: float = 0.0
    words_per_second: float = 0.0  # 0 sends all at once
    words_per_chunk: int = 1
    status: int = 200
    retry_after: float | None = None
    error_code: str = ""
    message: str = "as scripted"
    stall_after: int | None = None  # words after which nothing more is sent, the connection held open
    cut_after: int | None = None  # words after which the connection is dropped
    trouble_share: float = 1.0
    repeat_words: int = 0  # words said again when an answer is continued
    prefill: bool = False  # continues an assistant message at its last character, as local servers do
    finish_reason: str = "stop"
    thinking: int = 0  # words of reasoning before the answer; they count for its limit
    dimensions: int = 384

    def settled(self) -> "Script":
        """The script with its dice thrown: either with its troubles for certain, or without them."""
        if self.trouble_share >= 1.0 or random.random() < self.trouble_share:
            return self
        return replace(self, status=200, retry_after=None, stall_after=None, cut_after=None)

    def changed(self, changes: Mapping[str, Any]) -> "Script":
        unknown = set(changes) - {each.name for each in fields(self)}
        if unknown:
            raise ValueError(f"a script has no {', '.join(sorted(unknown))}")
        return replace(self, **changes)


@dataclass(slots=True)
class Rule:
    """A script for the requests of a model, key or path, and those that hold some words, at most `times` times."""

    script: Script
    model: str = ""
    key: str = ""
    path: str = ""
    holds: str = ""
    times: int | None = None

    def matches(self, model: str, key: str, path: str, text: str) -> bool:
        if self.times == 0 or self.holds not in text:
            return False
        return self.model in ("", model) and self.key in ("", key) and path.endswith(self.path)


@dataclass(slots=True)
class ScriptBook:
    """The scripts in force; the first rule that matches wins."""

    default: Script = field(default_factory=Script)
    rules: list[Rule] = field(default_factory=list)

    def load(self, body: Mapping[str, Any]) -> None:
        """Takes `{"default": {...}, "rules": [{"model", "key", "path", "holds", "times", "script": {...}}]}`."""
        default = Script().changed(body.get("default", {}))
        rules = [Rule(**{**rule, "script": default.changed(rule.get("script", {}))}) for rule in body.get("rules", [])]
        self.default, self.rules = default, rules

    def pick(self, model: str, key: str, path: str, own: Mapping[str, Any], text: str = "") -> Script:
        script = self.default
        for rule in self.rules:
            if rule.matches(model, key, path, text):
                rule.times = None if rule.times is None else rule.times - 1
                script = rule.script
                break
        return script.changed(own).settled() if own else script.settled()
