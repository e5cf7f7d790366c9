from collections.abc import Mapping

from lectern_client.api.operations import D, Group, many, one
from lectern_client.model.jobs import Job
from lectern_client.model.threads import Message, Report, SearchResult, Thread, ThreadEvent
from lectern_client.protocol.calls import Call, Listing, Stream, nothing, reading
from lectern_client.protocol.requests import Request, delete, get, post, resource
from lectern_client.protocol.watching import ThreadStream


class Threads(Group[D]):
    """Conversations. A thread is named `threads/x`, or just `x`."""

    @many
    def list(self, course: str = "", *, page_size: int | None = None) -> Listing[Thread]:
        """Threads, the last used first; of one course, where it is given."""
        request = get("/v1/threads", course=resource("courses", course) if course else None, pageSize=page_size)
        return Listing(request, "threads", reading(Thread))

    @many
    def search(self, query: str, course: str = "") -> Listing[SearchResult]:
        """Messages that have the words, best first."""
        request = get("/v1/threads:search", query=query, course=resource("courses", course) if course else None)
        return Listing(request, "results", reading(SearchResult))

    @one
    def get(self, thread: str) -> Call[Thread]:
        """Reads a thread."""
        return Call(get(_path(thread)), reading(Thread))

    @one
    def update(
        self, thread: str, *, title: str | None = None, metadata: Mapping[str, str] | None = None
    ) -> Call[Thread]:
        """Changes what is given."""
        changes = {"title": title, "metadata": metadata}
        changed = {name: value for name, value in changes.items() if value is not None}
        query = {"updateMask": ",".join(changed)}
        return Call(Request("PATCH", _path(thread), query, json=changed, repeatable=True), reading(Thread))

    @one
    def delete(self, thread: str) -> Call[None]:
        """Deletes a thread and everything that hangs on it."""
        return Call(delete(_path(thread)), nothing)

    @many
    def messages(self, thread: str, *, newest_first: bool = False, page_size: int | None = None) -> Listing[Message]:
        """What was said, in its order."""
        order = "sequence desc" if newest_first else None
        request = get(f"{_path(thread)}/messages", orderBy=order, pageSize=page_size)
        return Listing(request, "messages", reading(Message))

    @many
    def watch(self, thread: str) -> Stream[ThreadEvent]:
        """Everything that happens in the thread, until it is deleted."""
        return ThreadStream(thread)

    @one
    def report(self, thread: str, *, request_id: str = "") -> Call[Job]:
        """Asks for a report; its name stands in the result of the job."""
        return Call(post(f"{_path(thread)}/reports", requestId=request_id, repeatable=bool(request_id)), reading(Job))


class Reports(Group[D]):
    """Reports on threads, `reports/x`."""

    @one
    def get(self, report: str) -> Call[Report]:
        """Reads a report."""
        return Call(get(f"/v1/{resource('reports', report)}"), reading(Report))

    @many
    def list(self, thread: str = "", *, page_size: int | None = None) -> Listing[Report]:
        """Reports, newest first; on one thread, where it is given."""
        request = get("/v1/reports", thread=resource("threads", thread) if thread else None, pageSize=page_size)
        return Listing(request, "reports", reading(Report))


def _path(thread: str) -> str:
    return f"/v1/{resource('threads', thread)}"
