"""Turns that nobody waits for: asked as jobs."""

from kit.auth.caller import Caller
from kit.jobs.model import Job, Submission
from kit.jobs.submitting import Jobs
from services.gateway.model import Question
from services.gateway.service import ChatService

KIND = "run_turn"


class TurnQueue:
    """Puts questions off; the worker of the gateway answers them."""

    def __init__(self, chat: ChatService, jobs: Jobs) -> None:
        self._chat = chat
        self._jobs = jobs

    async def enqueue(self, caller: Caller, question: Question) -> Job:
        """The job; the same one for the same request. What could not be asked now is refused now."""
        question = await self._chat.check(caller, question)
        payload = {
            "course": question.course,
            "video_url": question.video_url,
            "message": question.text,
            "request_id": question.request_id,
            "position": question.position,
            "continues": question.continues,
        }
        key = f"{caller.user}/{question.course}/{question.request_id}" if question.request_id else ""
        return await self._jobs.submit(caller, Submission(KIND, payload, key=key))
