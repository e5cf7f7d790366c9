from lectern.threads.v1 import reports_pb2, reports_pb2_grpc

from kit.auth.caller import Caller
from kit.channel import Peer


class GrpcReports:
    """Reports of the threads service, over gRPC."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._stub = peer.stub(reports_pb2_grpc.ReportServiceStub)

    async def ask(self, caller: Caller, thread: str) -> str:
        request = reports_pb2.CreateReportRequest(parent=f"threads/{thread}")
        # Repeatable: an unchanged thread has one job.
        job = await self._peer.call(self._stub.CreateReport, request, caller, timeout=10, idempotent=True)
        return job.name.removeprefix("jobs/")
