"""Requests as prompts: versioned templates, the texts of others fenced off, and all of it bounded."""

import functools
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from kit.errors import FailedPrecondition, InvalidArgument, Reason
from services.inference.model.generation import Message, Prompt, Purpose, Request, Source, Speaker, Tutoring
from services.inference.model.providers import model_class
from services.inference.service import tokens
from services.inference.service.echo import PREFIX
from services.inference.service.policy import Policy, Stance, stance
from services.inference.service.standing_alone import stands_alone

DIRECTORY = Path(__file__).parent.parent / "prompts"
SYSTEM = ".system.j2"
CONTINUATION = "v1"
TITLE_LENGTH = 120
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u2028\u2029]")
ROLE_MARK = re.compile(r"<(?=[|/]?(?:\||s>|start_of_turn|end_of_turn))")
LEAST_SOURCE_TOKENS = 60
# Turns about one lecture have their passages in common, and often all of them; those of one thread have their history.
KEPT_SYSTEMS, KEPT_SOURCES, KEPT_MESSAGES = 256, 2048, 2048
NO_SOURCE = (Source("", "", ""),)


@dataclass(frozen=True, slots=True)
class _Scene:
    """All that the instructions depend on: what a question is about, but not the question."""

    course_title: str
    video_title: str
    video_changed: bool
    policy: str
    rung: int
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class _Costed:
    """A message and how many tokens it takes."""

    message: Message
    tokens: int


class Prompts:
    """Renders requests for models with so much room."""

    def __init__(self, max_tokens: dict[Purpose, int], version: str) -> None:
        """`max_tokens` bounds the answers, by purpose; `version` is that of the instructions of tutoring.

        Raises ValueError for a version that there is none of.
        """
        if version not in versions():
            raise ValueError(f"LECTERN_PROMPT_VERSION is {version!r}, but there are {', '.join(versions())}")
        environment = Environment(  # noqa: S701 - prompts are text, not HTML
            loader=FileSystemLoader(DIRECTORY), undefined=StrictUndefined, keep_trailing_newline=False
        )
        self._version = version
        self._system = environment.get_template(f"chat/{version}{SYSTEM}")
        self._max_tokens = max_tokens
        self._instructions = functools.lru_cache(KEPT_SYSTEMS)(self._instructed)
        self.continuation = environment.get_template(f"continue/{CONTINUATION}.user.j2").render()

    def render(self, request: Request, context_tokens: int) -> Prompt:
        """The prompt for a model with `context_tokens` for question and answer together."""
        answer = min(self._room(request), context_tokens // 2)
        if request.tutoring is not None:
            return self._tutoring(request, request.tutoring, context_tokens, answer)
        return _checked(
            Prompt(
                purpose=request.purpose,
                messages=request.messages,
                max_tokens=answer,
                tokens=tokens.of_messages(request.messages),
                course=request.course,
                **_wishes(request),
            ),
            context_tokens - answer,
        )

    def _room(self, request: Request) -> int:
        """What a chat asks for is followed; what services write is bounded by the operator as well."""
        most = self._max_tokens[request.purpose]
        asked = request.max_tokens or most
        return asked if model_class(request.purpose) == "chat" else min(asked, most)

    def _tutoring(self, request: Request, tutoring: Tutoring, context_tokens: int, answer: int) -> Prompt:
        how = stance(tutoring.policy, tutoring.history, tutoring.question)
        if not request.continues and _has_no_past(tutoring, how):
            tutoring = replace(tutoring, history=(), video_changed=False)
        most = _left(how, request.continues)
        answer, ends_at_limit = (answer, False) if most is None or answer < most else (most, True)
        scene, question = _scene(tutoring, how), _costed(Speaker.USER, _plain(tutoring.question).strip())
        bare = replace(scene, sources=NO_SOURCE if scene.sources else ())
        room = context_tokens - answer - self._instructions(bare).tokens - question.tokens
        sources, room = _within(scene.sources, room)
        history = _latest(tutoring.history, room)
        system = self._instructions(replace(scene, sources=sources))
        prompt = Prompt(
            purpose=request.purpose,
            messages=(system.message, *(past.message for past in history), question.message),
            max_tokens=answer,
            tokens=system.tokens + sum(past.tokens for past in history) + question.tokens,
            course=tutoring.course,
            sources=sources,
            policy=str(how),
            version=self._version,
            context_version=tutoring.context_version,
            personal=bool(history),
            ends_at_limit=ends_at_limit,
            **_wishes(request),
        )
        return _checked(prompt, context_tokens - answer)

    def _instructed(self, scene: _Scene) -> _Costed:
        values = {
            "course_title": scene.course_title or "this course",
            "video_title": scene.video_title,
            "video_changed": scene.video_changed,
            "sources": scene.sources,
            "policy": scene.policy,
            "rung": scene.rung,
            "fence": _fence(scene.sources),
        }
        return _costed(Speaker.SYSTEM, self._system.render(values).strip())


def versions() -> list[str]:
    """The versions of the instructions of tutoring, oldest first."""
    return sorted(path.name.removesuffix(SYSTEM) for path in (DIRECTORY / "chat").glob(f"v*{SYSTEM}"))


def _wishes(request: Request) -> dict[str, Any]:
    """What is taken over into the prompt as it was asked for."""
    return {
        "continue_from": request.continue_from,
        "continues": request.continues,
        "temperature": request.temperature,
        "model": request.model,
        "schema": request.schema,
        "stops": request.stops,
        "parameters": request.parameters,
        "own_limit": request.max_tokens > 0,
    }


def _left(how: Stance, said: str) -> int | None:
    """How many tokens the policy leaves after what was said of the answer before; None where it sets no bound.

    Raises FailedPrecondition where it leaves none: whoever goes on and on is not told more than others.
    """
    if how.max_tokens is None:
        return None
    left = how.max_tokens - tokens.estimate(said)
    if left <= 0:
        raise FailedPrecondition("the policy of the course allows no more of this answer", field="continues")
    return left


def _has_no_past(tutoring: Tutoring, how: Stance) -> bool:
    """Whether the question is to be asked without its history; under the other policies that decides how to answer."""
    return bool(tutoring.history) and how.policy is Policy.ANSWER and stands_alone(tutoring.question, tutoring.history)


def _checked(prompt: Prompt, room: int) -> Prompt:
    if prompt.tokens > room:
        raise InvalidArgument("the prompt does not fit the model", Reason.CONTEXT_TOO_LONG)
    return prompt


def _costed(speaker: Speaker, text: str) -> _Costed:
    return _Costed(Message(speaker, text), tokens.estimate(text) + tokens.PER_MESSAGE)


def _fence(sources: Sequence[Source]) -> str:
    """A tag that no text in the prompt can contain, because it is the hash of them all."""
    digest = hashlib.blake2b(digest_size=4)
    for source in sources:
        digest.update(source.text.encode())
    return f"{PREFIX}{digest.hexdigest()}"


def _scene(tutoring: Tutoring, how: Stance) -> _Scene:
    """Without control characters, and with titles and labels that stay on their line."""
    return _Scene(
        _title(tutoring.course_title),
        _title(tutoring.video_title),
        tutoring.video_changed,
        how.policy.value,
        how.rung,
        tuple(map(_cleaned, tutoring.sources)),
    )


@functools.lru_cache(KEPT_SOURCES)
def _cleaned(source: Source) -> Source:
    return Source(source.id, " ".join(_plain(source.text).split()), _title(source.label))


def _plain(text: str) -> str:
    """Without control characters and without the marks by which chat templates tell roles apart."""
    if not text.isprintable():
        text = CONTROL.sub(" ", text)
    return ROLE_MARK.sub("< ", text) if "<" in text else text


def _title(text: str) -> str:
    return " ".join(_plain(text).replace('"', "'").split())[:TITLE_LENGTH]


def _latest(history: Sequence[Message], room: int) -> Sequence[_Costed]:
    """As much of the latest history as there is room for."""
    kept: list[_Costed] = []
    for message in reversed(history):
        past = _past(message)
        room -= past.tokens
        if room < 0:
            break
        kept.append(past)
    return _from_a_question(kept[::-1])


@functools.lru_cache(KEPT_MESSAGES)
def _past(message: Message) -> _Costed:
    return _costed(message.speaker, _plain(message.text))


def _within(sources: Sequence[Source], room: int) -> tuple[tuple[Source, ...], int]:
    kept: list[Source] = []
    for source in sources:
        cost = tokens.estimate(f"[{len(kept) + 1}] ({source.label}) {source.text}\n")
        if cost > room:
            if room >= LEAST_SOURCE_TOKENS:
                label = tokens.estimate(f"[{len(kept) + 1}] ({source.label}) \n")
                kept.append(replace(source, text=tokens.shortened(source.text, room - label - 2)))
                room = 0
            break
        kept.append(source)
        room -= cost
    return tuple(kept), room


def _from_a_question(history: list[_Costed]) -> Sequence[_Costed]:
    """History begins with a question: models refuse or misread a past that begins with an answer."""
    first = next((at for at, past in enumerate(history) if past.message.speaker is Speaker.USER), len(history))
    return history[first:]
