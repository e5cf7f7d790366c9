"""A stream of bytes is closed with the answer it is for, whatever became of that."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from lectern.context.v1 import documents_pb2
from starlette.requests import ClientDisconnect, Request

from kit.auth.caller import Caller
from kit.errors import DeadlineExceeded
from services.gateway.adapters import documents
from services.gateway.adapters.documents import GrpcDocumentDesk
from services.gateway.uploads.originals import Originals

PLACE = {"course": "waves", "document": "d1"}
CHUNKS = [b"a wave ", b"carries"]


class OnePeer:
    """Stands for the context service: it streams one document, and knows whether the stream was closed."""

    def __init__(self, chunks: list[bytes]) -> None:
        self.closed = False
        self._chunks = chunks

    def stub(self, _: Any) -> Any:
        return type("Stub", (), {"ReadOriginal": None})()

    async def stream(self, *_: Any, **__: Any) -> AsyncGenerator[documents_pb2.ReadOriginalResponse, None]:
        try:
            described = documents_pb2.Document(file_name="w.pdf", content_type="application/pdf", size_bytes=14)
            yield documents_pb2.ReadOriginalResponse(document=described)
            for chunk in self._chunks:
                yield documents_pb2.ReadOriginalResponse(chunk=chunk)
        finally:
            self.closed = True


def a_request(method: str, headers: list[tuple[bytes, bytes]]) -> Request:
    spec = {"version": "3.0", "spec_version": "2.4"}
    return Request({"type": "http", "asgi": spec, "method": method, "headers": headers, "path_params": PLACE})


def originals(peer: Any) -> Originals:
    return Originals(GrpcDocumentDesk(peer))


@pytest.mark.parametrize(
    ("method", "headers", "status"), [("HEAD", [], 200), ("GET", [(b"if-none-match", b'"d1"')], 304)]
)
async def test_an_answer_without_a_body_closes_the_stream(
    method: str, headers: list[tuple[bytes, bytes]], status: int
) -> None:
    peer = OnePeer(CHUNKS)
    response = await originals(peer).read(a_request(method, headers), Caller("school", "ana"))
    assert (response.status_code, peer.closed) == (status, True)


async def test_a_client_that_leaves_before_the_first_byte_closes_the_stream() -> None:
    async def gone(_: Any) -> None:
        raise OSError

    peer, request = OnePeer(CHUNKS), a_request("GET", [])
    response = await originals(peer).read(request, Caller("school", "ana"))
    with pytest.raises(ClientDisconnect):
        await response(request.scope, request.receive, gone)
    assert peer.closed


async def test_a_body_is_sent_to_its_end_and_then_closed() -> None:
    sent: list[bytes] = []

    async def send(message: Any) -> None:
        sent.append(message.get("body", b""))

    peer, request = OnePeer(CHUNKS), a_request("GET", [])
    response = await originals(peer).read(request, Caller("school", "ana"))
    await response(request.scope, request.receive, send)
    assert (b"".join(sent), peer.closed) == (b"a wave carries", True)


async def test_a_piece_that_does_not_come_ends_a_download(monkeypatch: pytest.MonkeyPatch) -> None:
    peer: Any = OnePeer(CHUNKS)
    original = await GrpcDocumentDesk(peer).original(Caller("school", "ana"), "courses/waves/documents/d1")
    monkeypatch.setattr(documents, "IDLE_SECONDS", 0)
    monkeypatch.setattr(documents, "anext", _never, raising=False)
    with pytest.raises(DeadlineExceeded):
        await anext(aiter(original.chunks))


async def _never(_: Any) -> Any:
    await asyncio.Event().wait()
