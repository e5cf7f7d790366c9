"""The tutoring policy of a course, and how far up the ladder of hints a student has come."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.inference.model.generation import Message, Speaker

LADDER = ("nudge", "hint", "worked step", "answer")
CONTENT_WORD = re.compile(r"[^\W\d_]{4,}")
ASKS_FOR_MORE = re.compile(
    r"\b(more|again|hint|help|stuck|answer|solution|tell me|give up|don.?t (know|get|understand)|no idea|why|how)\b",
    re.IGNORECASE,
)
FOLLOW_UP_WORDS = 8
SAME_MATTER = 0.5


class Policy(StrEnum):
    ANSWER = "answer"
    HINTS = "hints"
    QUIZ_ME = "quiz_me"


@dataclass(frozen=True, slots=True)
class Stance:
    """How a turn is to be answered; `rung` is that of the ladder, from 1, under `hints` alone."""

    policy: Policy = Policy.ANSWER
    rung: int = 0

    def __str__(self) -> str:
        return f"{self.policy}:{self.rung}" if self.rung else self.policy.value

    @property
    def may_tell(self) -> bool:
        """Whether the answer itself may be given."""
        return self.policy is Policy.ANSWER or self.rung == len(LADDER)

    @property
    def max_tokens(self) -> int | None:
        """A bound that leaves no room for more than the stance allows."""
        if self.policy is Policy.QUIZ_ME:
            return 160
        return {1: 90, 2: 140, 3: 240}.get(self.rung)


def stance(policy: str, history: Sequence[Message], question: str) -> Stance:
    """The policy that the teacher set, as it stands at this question; an unknown one is `answer`."""
    if policy not in {each.value for each in Policy}:
        return Stance()
    if policy == Policy.HINTS:
        return Stance(Policy.HINTS, rung(history, question))
    return Stance(Policy(policy))


def rung(history: Sequence[Message], question: str) -> int:
    """One more than the questions just before this one that were about the same matter."""
    asked = [message.text for message in history if message.speaker is Speaker.USER]
    climbed, current = 1, question
    for earlier in reversed(asked):
        if not same_matter(current, earlier):
            break
        climbed, current = climbed + 1, earlier
    return min(climbed, len(LADDER))


def same_matter(question: str, earlier: str) -> bool:
    words = _content(question)
    if len(question.split()) <= FOLLOW_UP_WORDS and ASKS_FOR_MORE.search(question) and not words - _content(earlier):
        return True
    if len(question.split()) <= FOLLOW_UP_WORDS and _only_asks(question):
        return True
    return bool(words) and len(words & _content(earlier)) / len(words) >= SAME_MATTER


def _only_asks(question: str) -> bool:
    """Whether a question has no matter of its own, such as `just tell me the answer`."""
    return bool(ASKS_FOR_MORE.search(question)) and len(_content(ASKS_FOR_MORE.sub("", question))) <= 1


def _content(text: str) -> set[str]:
    return {word.lower() for word in CONTENT_WORD.findall(text)}
