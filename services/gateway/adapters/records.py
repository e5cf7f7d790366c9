from collections.abc import Sequence

from lectern.threads.v1 import records_pb2, records_pb2_grpc

from kit.auth.caller import Caller
from kit.channel import Peer
from services.gateway.openai.ports import Record


class GrpcRecords:
    """Records of the threads service, over gRPC."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._stub = peer.stub(records_pb2_grpc.RecordServiceStub)

    async def keep(self, caller: Caller, record: Record) -> Record:
        message = records_pb2.Record(id=record.id, body=record.body, entries=record.entries)
        request = records_pb2.KeepRecordRequest(record=message)
        return _record(await self._peer.call(self._stub.KeepRecord, request, caller, timeout=10, idempotent=True))

    async def read(self, caller: Caller, record: str) -> Record:
        request = records_pb2.ReadRecordRequest(id=record)
        return _record(await self._peer.call(self._stub.ReadRecord, request, caller, timeout=10, idempotent=True))

    async def append(self, caller: Caller, record: str, entries: Sequence[str]) -> Record:
        request = records_pb2.AppendEntriesRequest(id=record, entries=entries)
        return _record(await self._peer.call(self._stub.AppendEntries, request, caller, timeout=10))

    async def discard(self, caller: Caller, record: str) -> None:
        request = records_pb2.DiscardRecordRequest(id=record)
        await self._peer.call(self._stub.DiscardRecord, request, caller, timeout=10)


def _record(message: records_pb2.Record) -> Record:
    created = message.create_time.seconds + message.create_time.nanos / 1e9
    return Record(message.id, message.body, tuple(message.entries), created)
