"""Erases everything of a user."""

from kit.auth.caller import Caller
from kit.jobs.ports import JobStore
from services.threads.ports import Memberships, ReportStore, Spending, ThreadQuery, ThreadStore
from services.threads.ports.records import RecordStore
from services.threads.service.conversations import Conversations
from services.threads.service.insights.recording import Recording
from services.threads.service.users.subjects import subject

BATCH = 50


class Erasure:
    """Step by step, each of which may be repeated: what failed half way is finished by the next call."""

    def __init__(
        self,
        *,
        threads: ThreadStore,
        conversations: Conversations,
        reports: ReportStore,
        records: RecordStore,
        recording: Recording,
        jobs: JobStore,
        memberships: Memberships,
        spending: Spending,
    ) -> None:
        self._threads = threads
        self._conversations = conversations
        self._reports = reports
        self._records = records
        self._recording = recording
        self._jobs = jobs
        self._memberships = memberships
        self._spending = spending

    async def erase(self, caller: Caller, user: str) -> None:
        """Raises NotFound where the user is not the caller's to erase."""
        whose = subject(caller, user)
        await self._jobs.erase(whose)
        while threads := await self._threads.page(whose, ThreadQuery(BATCH)):
            for thread in threads:
                await self._conversations.delete(whose, thread.id)
        await self._reports.disown(whose)
        await self._records.erase(whose)
        await self._recording.refresh()
        await self._memberships.erase(whose)
        await self._spending.erase(whose)
