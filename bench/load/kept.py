"""Whether what was asked can be read again: every question with its answer, once each."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence

import grpc
from lectern.threads.v1 import threads_pb2, threads_pb2_grpc

from bench.load.asked import Asked
from bench.load.rig import Rig

PAGE = 200


async def lost(rig: Rig, asked: Sequence[Asked]) -> Counter[str]:
    """What is missing, doubled or out of its place in ListMessages; empty where all is well."""
    by_user: dict[str, list[Asked]] = {}
    for each in asked:
        by_user.setdefault(each.user, []).append(each)
    async with grpc.aio.insecure_channel(rig.target("threads")) as channel:
        stub = threads_pb2_grpc.ThreadServiceStub(channel)
        found = await asyncio.gather(*(_missing(stub, rig, user, turns) for user, turns in by_user.items()))
    return Counter(trouble for troubles in found for trouble in troubles)


async def _missing(stub: threads_pb2_grpc.ThreadServiceStub, rig: Rig, user: str, asked: Sequence[Asked]) -> list[str]:
    whole = [each for each in asked if not each.error]
    threads = {each.thread for each in whole}
    if len(threads) > 1:
        return ["a second thread of one user and course"]
    messages = await _messages(stub, rig, user, threads.pop()) if threads else []
    texts = Counter((message.role, message.text) for message in messages)
    return [*_faults(whole, texts), *_gaps(messages)]


def _faults(whole: Sequence[Asked], texts: Counter[tuple[threads_pb2.Message.Role.ValueType, str]]) -> Iterable[str]:
    for each in whole:
        times = texts[threads_pb2.Message.USER, each.question]
        if times != 1:
            yield "a question that is not there" if times == 0 else "a question that is there twice"
    answers = Counter(each.answer for each in whole)
    for answer, times in answers.items():
        if texts[threads_pb2.Message.ASSISTANT, answer] < times:
            yield "an answer that is not there"


def _gaps(messages: Sequence[threads_pb2.Message]) -> Iterable[str]:
    if [message.sequence for message in messages] != list(range(1, len(messages) + 1)):
        yield "a gap in the sequence of messages"


async def _messages(
    stub: threads_pb2_grpc.ThreadServiceStub, rig: Rig, user: str, thread: str
) -> list[threads_pb2.Message]:
    metadata = (("authorization", f"Bearer {rig.stack.token(user)}"),)
    request = threads_pb2.ListMessagesRequest(parent=thread, page_size=PAGE)
    messages: list[threads_pb2.Message] = []
    while True:
        page = await stub.ListMessages(request, metadata=metadata, timeout=30)
        messages.extend(page.messages)
        if not page.next_page_token:
            return messages
        request.page_token = page.next_page_token
