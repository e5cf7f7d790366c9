from typing import Any

from lectern.context.v1 import user_data_pb2, user_data_pb2_grpc

from kit.call import current_caller
from services.context.service.courses import Courses


class UserDataServicer(user_data_pb2_grpc.UserDataServiceServicer):
    """What context keeps of a user: memberships of courses."""

    def __init__(self, courses: Courses) -> None:
        self._courses = courses

    async def ExportUserData(
        self, request: user_data_pb2.ExportUserDataRequest, _: Any
    ) -> user_data_pb2.ExportUserDataResponse:
        memberships = await self._courses.memberships(current_caller())
        return user_data_pb2.ExportUserDataResponse(courses=[key.name for key in memberships])

    async def DeleteUserData(
        self, request: user_data_pb2.DeleteUserDataRequest, _: Any
    ) -> user_data_pb2.DeleteUserDataResponse:
        await self._courses.leave_all(current_caller())
        return user_data_pb2.DeleteUserDataResponse()
