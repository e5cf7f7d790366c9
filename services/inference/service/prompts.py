"""Requests as prompts: versioned templates, the texts of others fenced off, and all of it bounded."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from kit.errors import InvalidArgument, Reason
from services.inference.model.generation import Message, Prompt, Purpose, Request, Source, Speaker, Tutoring
from services.inference.model.providers import model_class
from services.inference.service import tokens
from services.inference.service.echo import PREFIX
from services.inference.service.policy import Stance, stance

DIRECTORY = Path(__file__).parent.parent / "prompts"
VERSION = "v1"
TITLE_LENGTH = 120
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u2028\u2029]")
ROLE_MARK = re.compile(r"<(?=[|/]?(?:\||s>|start_of_turn|end_of_turn))")
LEAST_SOURCE_TOKENS = 60


class Prompts:
    """Renders requests for models with so much room."""

    def __init__(self, max_tokens: dict[Purpose, int], directory: Path = DIRECTORY) -> None:
        """`max_tokens` bounds the answers, by purpose."""
        environment = Environment(  # noqa: S701 - prompts are text, not HTML
            loader=FileSystemLoader(directory), undefined=StrictUndefined, keep_trailing_newline=False
        )
        self._system = environment.get_template(f"chat/{VERSION}.system.j2")
        self._max_tokens = max_tokens
        self.continuation = environment.get_template(f"continue/{VERSION}.user.j2").render()

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
                continue_from=request.continue_from,
                temperature=request.temperature,
                model=request.model,
                schema=request.schema,
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
        answer = min(answer, how.max_tokens or answer)
        tutoring = _fitted(_cleaned(tutoring), context_tokens - answer - self._frame(tutoring, how))
        messages = self._messages(tutoring, how)
        prompt = Prompt(
            purpose=request.purpose,
            messages=messages,
            max_tokens=answer,
            tokens=tokens.of_messages(messages),
            course=tutoring.course,
            sources=tutoring.sources,
            policy=str(how),
            context_version=tutoring.context_version,
            personal=bool(tutoring.history),
            continue_from=request.continue_from,
            temperature=request.temperature,
            model=request.model,
        )
        return _checked(prompt, context_tokens - answer)

    def _frame(self, tutoring: Tutoring, how: Stance) -> int:
        """Tokens of the prompt without what can be left out of it."""
        bare = replace(_cleaned(tutoring), history=(), sources=(Source("", "", ""),) if tutoring.sources else ())
        return tokens.of_messages(self._messages(bare, how))

    def _messages(self, tutoring: Tutoring, how: Stance) -> tuple[Message, ...]:
        values = {
            "course_title": tutoring.course_title or "this course",
            "video_title": tutoring.video_title,
            "video_changed": tutoring.video_changed,
            "sources": tutoring.sources,
            "policy": how.policy.value,
            "rung": how.rung,
            "fence": _fence(tutoring),
        }
        system = Message(Speaker.SYSTEM, self._system.render(values).strip())
        return (system, *tutoring.history, Message(Speaker.USER, tutoring.question))


def _checked(prompt: Prompt, room: int) -> Prompt:
    if prompt.tokens > room:
        raise InvalidArgument("the prompt does not fit the model", Reason.CONTEXT_TOO_LONG)
    return prompt


def _fence(tutoring: Tutoring) -> str:
    """A tag that no text in the prompt can contain, because it is the hash of them all."""
    digest = hashlib.blake2b(digest_size=4)
    for source in tutoring.sources:
        digest.update(source.text.encode())
    return f"{PREFIX}{digest.hexdigest()}"


def _cleaned(tutoring: Tutoring) -> Tutoring:
    """Without control characters, and with titles and labels that stay on their line."""
    return replace(
        tutoring,
        course_title=_title(tutoring.course_title),
        video_title=_title(tutoring.video_title),
        question=_plain(tutoring.question).strip(),
        history=tuple(replace(message, text=_plain(message.text)) for message in tutoring.history),
        sources=tuple(
            Source(source.id, " ".join(_plain(source.text).split()), _title(source.label))
            for source in tutoring.sources
        ),
    )


def _plain(text: str) -> str:
    """Without control characters and without the marks by which chat templates tell roles apart."""
    return ROLE_MARK.sub("< ", CONTROL.sub(" ", text))


def _title(text: str) -> str:
    return " ".join(_plain(text).replace('"', "'").split())[:TITLE_LENGTH]


def _fitted(tutoring: Tutoring, room: int) -> Tutoring:
    """With as many sources as there is room for, best first, and then as much of the latest history."""
    sources, room = _within(tutoring.sources, room)
    history: list[Message] = []
    for message in reversed(tutoring.history):
        room -= tokens.of_messages([message])
        if room < 0:
            break
        history.append(message)
    return replace(tutoring, sources=sources, history=_from_a_question(history[::-1]))


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


def _from_a_question(history: list[Message]) -> tuple[Message, ...]:
    """History begins with a question: models refuse or misread a past that begins with an answer."""
    while history and history[0].speaker is not Speaker.USER:
        history.pop(0)
    return tuple(history)
