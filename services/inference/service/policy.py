"""The tutoring policy of a course, and how far up the ladder of hints a student has come."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.inference.model.generation import Message, Speaker
from services.inference.service.follow_ups import content, only_asks_for_more

LADDER = ("nudge", "hint", "worked step", "answer")
SAME_MATTER = 0.5


class Policy(StrEnum):
    ANSWER = "answer"
    HINTS = "hints"
    QUIZ_ME = "quiz_me"


POLICIES = frozenset(each.value for each in Policy)


@dataclass(frozen=True, slots=True)
class Stance:
    """How a turn is to be answered; `rung` is that of the ladder, from 1, under `hints` alone."""

    policy: Policy = Policy.ANSWER
    rung: int = 0

    def __str__(self) -> str:
        return f"{self.policy}:{self.rung}" if self.rung else self.policy.value

    @property
    def max_tokens(self) -> int | None:
        """A bound that leaves no room for more than the stance allows."""
        if self.policy is Policy.QUIZ_ME:
            return 160
        return {1: 90, 2: 140, 3: 240}.get(self.rung)


def stance(policy: str, history: Sequence[Message], question: str) -> Stance:
    """The policy that the teacher set, as it stands at this question; an unknown one is `answer`."""
    if policy not in POLICIES:
        return Stance()
    if policy == Policy.HINTS:
        return Stance(Policy.HINTS, rung(history, question))
    return Stance(Policy(policy))


def rung(history: Sequence[Message], question: str) -> int:
    """One more than the questions before this one that were about the same matter, without a break."""
    climbed, follow_ups, current = 1, 0, question
    for earlier in reversed([message.text for message in history if message.speaker is Speaker.USER]):
        if only_asks_for_more(earlier):
            follow_ups += 1  # belongs to whatever was asked before it
            continue
        if not _same_matter(current, earlier):
            break
        climbed, follow_ups, current = climbed + follow_ups + 1, 0, earlier
    return min(climbed, len(LADDER))


def _same_matter(question: str, earlier: str) -> bool:
    words = content(question)
    return only_asks_for_more(question) or (bool(words) and len(words & content(earlier)) / len(words) >= SAME_MATTER)
