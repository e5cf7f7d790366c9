"""Courses and who may see them."""

import re
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from unicodedata import normalize

from kit.auth.caller import Caller
from kit.errors import AlreadyExists, FailedPrecondition, InvalidArgument
from services.context.model import Course, CourseChanges, CourseKey, CoursePosition, Policy, Visibility
from services.context.model.missing import course_not_found
from services.context.ports import ContextCache, CourseStore, VectorIndexes
from services.context.service.moments import moment_now
from services.context.service.shelf import Shelf

LONGEST_TITLE = 200
LONGEST_DESCRIPTION = 4000
LONGEST_USER = 256
MOST_MEMBERS = 20_000
_ID = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_NOT_IN_ID = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class NewCourse:
    """A course to create; an empty id is made up."""

    title: str
    id: str = ""
    description: str = ""
    visibility: Visibility = Visibility.TENANT
    policy: Policy = Policy.ANSWER


class Courses:
    """Teachers manage all courses of their tenant; others see what is open to them. The rest is not found."""

    def __init__(
        self,
        store: CourseStore,
        shelf: Shelf,
        cache: ContextCache,
        indexes: VectorIndexes,
        *,
        now: Callable[[], datetime] = moment_now,
    ) -> None:
        self._store = store
        self._shelf = shelf
        self._cache = cache
        self._indexes = indexes
        self._now = now

    async def create(self, caller: Caller, new: NewCourse) -> Course:
        _check_texts(new.title, new.description)
        key = CourseKey(caller.tenant, _checked_id(new.id) if new.id else _made_up_id(new.title))
        moment = self._now()
        course = Course(
            key=key,
            title=normalize("NFC", new.title.strip()),
            created=moment,
            updated=moment,
            epoch=time.time_ns() // 1000,
            description=new.description,
            visibility=new.visibility,
            policy=new.policy,
        )
        if not await self._store.create(course):
            raise AlreadyExists(f"there is a course {key.name} already", field="course_id")
        return course

    async def get(self, caller: Caller, course: str) -> Course:
        """The course; raises NotFound where it is not there or not to be seen."""
        key = CourseKey(caller.tenant, course)
        found = await self._store.find(key)
        if found is None or not found.visible_to(caller.user, teacher=caller.is_teacher):
            raise course_not_found(key)
        return found

    async def page(self, caller: Caller, after: CoursePosition | None, limit: int) -> Sequence[Course]:
        viewer = None if caller.is_teacher else caller.user
        return await self._store.page(caller.tenant, viewer, after, limit)

    async def change(self, caller: Caller, course: str, changes: CourseChanges) -> Course:
        if changes.title is not None or changes.description is not None:
            _check_texts("-" if changes.title is None else changes.title, changes.description or "")
        if changes.title is not None:
            changes = replace(changes, title=normalize("NFC", changes.title))
        key = CourseKey(caller.tenant, course)
        return self._changed(key, await self._store.change(key, changes, self._now()))

    async def delete(self, caller: Caller, course: str) -> None:
        key = CourseKey(caller.tenant, course)
        if not await self._store.delete(key):
            raise course_not_found(key)
        self._shelf.forget(key)
        await self._cache.clear(key)
        await self._indexes.drop(key)

    async def add_member(self, caller: Caller, course: str, user: str) -> Course:
        _check_user(user)
        found = await self.get(caller, course)
        if len(found.members) >= MOST_MEMBERS:
            raise FailedPrecondition(f"a course has at most {MOST_MEMBERS:,} members", field="user")
        return self._changed(found.key, await self._store.add_member(found.key, user, self._now()))

    async def remove_member(self, caller: Caller, course: str, user: str) -> Course:
        _check_user(user)
        key = CourseKey(caller.tenant, course)
        return self._changed(key, await self._store.remove_member(key, user, self._now()))

    async def memberships(self, caller: Caller) -> Sequence[CourseKey]:
        """The courses that the caller is a member of."""
        return await self._store.memberships(caller.tenant, caller.user)

    async def leave_all(self, caller: Caller) -> None:
        """Ends the caller's memberships."""
        for key in await self.memberships(caller):
            await self._store.remove_member(key, caller.user, self._now())
            self._shelf.forget(key)

    async def clear_cache(self, caller: Caller, course: str) -> int:
        """Throws what is cached of the course away, on every instance; how many entries they shared."""
        key = CourseKey(caller.tenant, course)
        cleared = await self._cache.clear(key)
        if not await self._store.touch(key):
            raise course_not_found(key)
        self._shelf.forget(key)
        return cleared

    def _changed(self, key: CourseKey, course: Course | None) -> Course:
        self._shelf.forget(key)
        if course is None:
            raise course_not_found(key)
        return course


def _check_texts(title: str, description: str) -> None:
    if not title.strip():
        raise InvalidArgument("title must not be empty", field="course.title")
    if len(title) > LONGEST_TITLE:
        raise InvalidArgument(f"title must have at most {LONGEST_TITLE} letters", field="course.title")
    if len(description) > LONGEST_DESCRIPTION:
        raise InvalidArgument(
            f"description must have at most {LONGEST_DESCRIPTION:,} letters", field="course.description"
        )


def _checked_id(course: str) -> str:
    if not _ID.fullmatch(course):
        raise InvalidArgument(
            "course_id must have 1 to 63 lower-case letters, digits and hyphens, with no hyphen at either end",
            field="course_id",
        )
    return course


def _made_up_id(title: str) -> str:
    words = _NOT_IN_ID.sub("-", title.lower()).strip("-")[:40].strip("-")
    return f"{words or 'course'}-{secrets.token_hex(3)}"


def _check_user(user: str) -> None:
    if not user or len(user) > LONGEST_USER:
        raise InvalidArgument(f"user must have 1 to {LONGEST_USER} letters", field="user")
