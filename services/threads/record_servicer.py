from typing import Any

from google.protobuf.empty_pb2 import Empty
from google.protobuf.timestamp_pb2 import Timestamp
from lectern.threads.v1 import records_pb2, records_pb2_grpc

from kit.call import current_caller
from services.threads.model.records import Record
from services.threads.service.records import Records


class RecordServicer(records_pb2_grpc.RecordServiceServicer):
    """`lectern.threads.v1.RecordService`."""

    def __init__(self, records: Records) -> None:
        self._records = records

    async def KeepRecord(self, request: records_pb2.KeepRecordRequest, context: Any) -> records_pb2.Record:
        record = Record(request.record.id, request.record.body, tuple(request.record.entries))
        return record_message(await self._records.keep(current_caller(), record))

    async def ReadRecord(self, request: records_pb2.ReadRecordRequest, context: Any) -> records_pb2.Record:
        return record_message(await self._records.read(current_caller(), request.id))

    async def AppendEntries(self, request: records_pb2.AppendEntriesRequest, context: Any) -> records_pb2.Record:
        return record_message(await self._records.append(current_caller(), request.id, request.entries))

    async def DiscardRecord(self, request: records_pb2.DiscardRecordRequest, context: Any) -> Empty:
        await self._records.discard(current_caller(), request.id)
        return Empty()


def record_message(record: Record) -> records_pb2.Record:
    created = Timestamp()
    if record.created:
        created.FromDatetime(record.created)
    return records_pb2.Record(id=record.id, body=record.body, entries=record.entries, create_time=created)
