"""What the HTTP face needs of the other services, in memory."""

import hashlib
import math
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import replace

from kit.auth.caller import Caller
from kit.errors import FailedPrecondition, NotFound, Reason
from services.gateway.legacy.ports import Course, Preloaded
from services.gateway.model import Delta, Finish, Notice
from services.gateway.openai.ports import Completion, Embedded, Model, Record
from services.gateway.stats.ports import Breaker, BreakerState

DIMENSIONS = 8
MAX_ENTRIES = 200
MODEL = "words"


class MemoryModels:
    """The Completions, Embeddings, Models and Breakers of a system whose model repeats the last message."""

    async def complete(self, caller: Caller, completion: Completion) -> AsyncGenerator[Delta | Notice | Finish, None]:
        words = completion.messages[-1].text.split()
        said = words[: completion.options.max_tokens or len(words)]
        for number, word in enumerate(said):
            yield Delta(word if number == 0 else f" {word}")
        reason = "stop" if len(said) == len(words) else "length"
        yield Finish(
            provider="memory",
            model=MODEL,
            prompt_tokens=sum(len(message.text.split()) for message in completion.messages),
            completion_tokens=len(said),
            finish_reason=reason,
        )

    async def embed(self, caller: Caller, texts: Sequence[str]) -> Embedded:
        return Embedded(tuple(_vector(text) for text in texts), MODEL, sum(len(text.split()) for text in texts))

    async def models(self) -> Sequence[Model]:
        return [Model(MODEL, "memory", embeds=False)]

    async def breakers(self) -> Sequence[Breaker]:
        return [Breaker("memory", BreakerState.CLOSED)]


class MemoryRecords:
    """Records of the caller, in one process."""

    def __init__(self) -> None:
        self._records: dict[tuple[str, str, str], Record] = {}

    async def keep(self, caller: Caller, record: Record) -> Record:
        known = self._records.get(_key(caller, record.id))
        kept = replace(known, body=record.body) if known else replace(record, created=time.time())
        self._records[_key(caller, record.id)] = kept
        return kept

    async def read(self, caller: Caller, record: str) -> Record:
        found = self._records.get(_key(caller, record))
        if found is None:
            raise NotFound("no such record")
        return found

    async def append(self, caller: Caller, record: str, entries: Sequence[str]) -> Record:
        found = await self.read(caller, record)
        if len(found.entries) + len(entries) > MAX_ENTRIES:
            raise FailedPrecondition(f"a record holds at most {MAX_ENTRIES} entries", Reason.TOO_LARGE)
        self._records[_key(caller, record)] = replace(found, entries=(*found.entries, *entries))
        return self._records[_key(caller, record)]

    async def discard(self, caller: Caller, record: str) -> None:
        await self.read(caller, record)
        del self._records[_key(caller, record)]


class MemoryLibrary:
    """The courses of one tenant; each has one cached context for each video that was preloaded."""

    def __init__(self, courses: Sequence[Course]) -> None:
        self._courses = {course.id: course for course in courses}
        self._cached: dict[str, int] = {}

    async def courses(self, caller: Caller) -> Sequence[Course]:
        return list(self._courses.values())

    async def preload(self, caller: Caller, course: str) -> Preloaded:
        chosen = [self._course(course)] if course else list(self._courses.values())
        self._cached |= {each.id: each.videos for each in chosen}
        return Preloaded(tuple(each.id for each in chosen), sum(each.videos for each in chosen))

    async def clear(self, caller: Caller, course: str) -> int:
        return self._cached.pop(self._course(course).id, 0)

    def _course(self, course: str) -> Course:
        if course not in self._courses:
            raise NotFound("no such course", Reason.COURSE_NOT_FOUND)
        return self._courses[course]


class MemoryReports:
    """Reports on the caller's threads; one job for each thread."""

    def __init__(self, threads: Mapping[Caller, str]) -> None:
        self._threads = threads

    async def ask(self, caller: Caller, thread: str) -> str:
        if self._threads.get(caller) != thread:
            raise NotFound("no such thread", Reason.THREAD_NOT_FOUND)
        return hashlib.blake2b(thread.encode(), digest_size=8).hexdigest()


def _key(caller: Caller, record: str) -> tuple[str, str, str]:
    return caller.tenant, caller.user, record


def _vector(text: str) -> tuple[float, ...]:
    raw = [byte - 127.5 for byte in hashlib.blake2b(text.encode(), digest_size=DIMENSIONS).digest()]
    length = math.sqrt(sum(value * value for value in raw))
    return tuple(value / length for value in raw)
