"""What services ask of a language model."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from kit.auth.caller import Caller


class Purpose(StrEnum):
    """What a text is written for; the same names as `lectern.inference.v1.Purpose`."""

    TITLE = "TITLE"
    REPORT = "REPORT"
    QUIZ = "QUIZ"
    COURSE = "COURSE"
    RECOGNITION = "RECOGNITION"


@dataclass(frozen=True, slots=True)
class Assignment:
    """A text to write about a course: what to do, the material, and a JSON schema where it must follow one.

    `images` are PNGs that stand beside the material.
    """

    purpose: Purpose
    course: str
    instruction: str
    material: str
    max_tokens: int
    schema: str = ""
    images: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """What a model wrote, and who it was."""

    text: str
    provider: str = ""
    model: str = ""


class Writer(Protocol):
    """A language model that writes what it is told to; the caller pays."""

    async def write(self, caller: Caller, assignment: Assignment) -> Written:
        """Raises Unavailable where no model answers, InvalidArgument with CONTEXT_TOO_LONG where none has the room."""
