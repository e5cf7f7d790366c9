from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

from google.protobuf.empty_pb2 import Empty
from lectern.threads.v1 import threads_pb2, threads_pb2_grpc

from kit import names
from kit.call import current_caller
from kit.pagination import page_size
from services.threads import convert, requests
from services.threads.listing import Listing
from services.threads.service.conversations import Conversations
from services.threads.service.search import Search
from services.threads.watching import Watching


class ThreadServicer(threads_pb2_grpc.ThreadServiceServicer):
    """The caller's own threads."""

    def __init__(self, *, conversations: Conversations, listing: Listing, search: Search, watching: Watching) -> None:
        self._conversations = conversations
        self._listing = listing
        self._search = search
        self._watching = watching

    async def ListThreads(self, request: threads_pb2.ListThreadsRequest, context: Any) -> Any:
        """A response that is serialized already, as it is kept."""
        return await self._listing.page(current_caller(), request)

    async def SearchThreads(
        self, request: threads_pb2.SearchThreadsRequest, context: Any
    ) -> threads_pb2.SearchThreadsResponse:
        course = names.course_id(request.course) if request.course else ""
        limit = page_size(request.page_size, default=20, maximum=100)
        page = await self._search.find(current_caller(), request.query, course, limit, request.page_token)
        results = [
            threads_pb2.SearchThreadsResponse.Result(
                thread=convert.thread_message(find.thread),
                message=convert.message_message(find.message),
                snippet=find.snippet,
            )
            for find in page.finds
        ]
        return threads_pb2.SearchThreadsResponse(results=results, next_page_token=page.next_token)

    async def GetThread(self, request: threads_pb2.GetThreadRequest, context: Any) -> threads_pb2.Thread:
        thread = await self._conversations.get(current_caller(), convert.thread_id(request.name))
        return convert.thread_message(thread)

    async def UpdateThread(self, request: threads_pb2.UpdateThreadRequest, context: Any) -> threads_pb2.Thread:
        name = convert.thread_id(request.thread.name, "thread.name")
        change = requests.thread_change(request.thread, request.update_mask)
        return convert.thread_message(await self._conversations.update(current_caller(), name, change))

    async def DeleteThread(self, request: threads_pb2.DeleteThreadRequest, context: Any) -> Empty:
        await self._conversations.delete(current_caller(), convert.thread_id(request.name))
        return Empty()

    async def ListMessages(
        self, request: threads_pb2.ListMessagesRequest, context: Any
    ) -> threads_pb2.ListMessagesResponse:
        query = requests.message_query(request)
        page = await self._conversations.messages(current_caller(), query, request.page_token)
        messages = [convert.message_message(message) for message in page.messages]
        return threads_pb2.ListMessagesResponse(messages=messages, next_page_token=page.next_token)

    async def WatchThread(
        self, request: threads_pb2.WatchThreadRequest, context: Any
    ) -> AsyncIterator[threads_pb2.ThreadEvent]:
        thread = convert.thread_id(request.name)
        async with aclosing(self._watching.watch(current_caller(), thread)) as events:
            async for event in events:
                yield event
