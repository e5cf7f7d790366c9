from typing import Any

import grpc
from lectern.inference.v1 import user_data_pb2 as pb
from lectern.inference.v1 import user_data_pb2_grpc

from kit.call import current_caller
from services.inference import convert_operations as convert
from services.inference.service.operations import Spending

Context = grpc.aio.ServicerContext[Any, Any]


class UserDataServicer(user_data_pb2_grpc.UserDataServiceServicer):
    """What inference keeps of a user: their usage, and a budget of their own."""

    def __init__(self, spending: Spending) -> None:
        self._spending = spending

    async def ExportUserData(self, request: pb.ExportUserDataRequest, context: Context) -> pb.ExportUserDataResponse:
        lines = await self._spending.usage_of(current_caller())
        return pb.ExportUserDataResponse(usage=[convert.line(each) for each in lines])

    async def DeleteUserData(self, request: pb.DeleteUserDataRequest, context: Context) -> pb.DeleteUserDataResponse:
        await self._spending.erase(current_caller())
        return pb.DeleteUserDataResponse()
