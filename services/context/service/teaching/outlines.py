"""Courses made of documents, as those see them who ask for them and read them."""

import hashlib

from kit.auth.caller import Caller
from kit.errors import FailedPrecondition, NotFound
from kit.jobs.model import Job, State, Submission
from kit.jobs.submitting import Jobs
from services.context.model import DocumentState, Outline
from services.context.ports import DocumentStore, OutlineStore
from services.context.service.courses import Courses

BUILD = "build_course"
MOST_DOCUMENTS = 50


class Outlines:
    def __init__(self, courses: Courses, documents: DocumentStore, store: OutlineStore, jobs: Jobs) -> None:
        self._courses = courses
        self._documents = documents
        self._store = store
        self._jobs = jobs

    async def build(self, caller: Caller, course: str, request_id: str = "") -> Job:
        """The job that makes a course of all its documents but those that cannot be read; once for the same ones."""
        key = (await self._courses.get(caller, course)).key
        found = await self._documents.page(key, None, MOST_DOCUMENTS + 1)
        documents = [each.id for each in found if each.state is not DocumentState.FAILED]
        if not documents:
            raise FailedPrecondition("the course has no document to be made of", field="name")
        if len(documents) > MOST_DOCUMENTS:
            raise FailedPrecondition(f"a course is made of at most {MOST_DOCUMENTS} documents", field="name")
        of_what = hashlib.sha256("/".join(documents).encode()).hexdigest()[:16]
        payload = {"course": course, "documents": documents}
        job = await self._jobs.submit(caller, Submission(BUILD, payload, key=f"{course}/{of_what}/{request_id}"))
        if not request_id and job.state in (State.FAILED, State.CANCELLED):
            return await self._jobs.retry(caller, job.id)  # from its finished steps on
        return job

    async def get(self, caller: Caller, course: str) -> Outline:
        key = (await self._courses.get(caller, course)).key
        found = await self._store.find(key)
        if found is None:
            raise NotFound(f"{key.name} has no outline")
        return found
