from typing import Any

from google.protobuf.empty_pb2 import Empty
from lectern.inference.v1 import operations_pb2
from lectern.threads.v1 import users_pb2, users_pb2_grpc

from kit.call import current_caller
from kit.errors import InvalidArgument
from kit.jobs.messages import job_message
from kit.pagination import page_size
from services.threads import convert, convert_reports
from services.threads.ports import Spent
from services.threads.record_servicer import record_message
from services.threads.service.users.erasing import Erasure
from services.threads.service.users.exporting import Exporting

PREFIX = "users/"
LONGEST_USER = 256


class UserServicer(users_pb2_grpc.UserServiceServicer):
    """Users' own data."""

    def __init__(self, exporting: Exporting, erasure: Erasure) -> None:
        self._exporting = exporting
        self._erasure = erasure

    async def DeleteUser(self, request: users_pb2.DeleteUserRequest, context: Any) -> Empty:
        await self._erasure.erase(current_caller(), _user(request.name))
        return Empty()

    async def ExportUser(self, request: users_pb2.ExportUserRequest, context: Any) -> users_pb2.ExportUserResponse:
        caller, user = current_caller(), _user(request.name)
        limit = page_size(request.page_size, default=100)
        page = await self._exporting.page(caller, user, limit, request.page_token)
        return users_pb2.ExportUserResponse(
            threads=[convert.thread_message(thread) for thread in page.threads],
            turns=[convert.turn_message(turn) for turn in page.turns],
            reports=[convert_reports.report_message(report) for report in page.reports],
            jobs=[job_message(job) for job in page.jobs],
            courses=[f"courses/{course}" for course in page.courses],
            usage=[_line(user, spent) for spent in page.spent],
            records=[record_message(record) for record in page.records],
            next_page_token=page.next_token,
        )


def _user(name: str) -> str:
    """The user of a name; what identity providers put into `sub` is not theirs to choose, so it may hold any sign."""
    user = name.removeprefix(PREFIX)
    if not name.startswith(PREFIX) or not 0 < len(user) <= LONGEST_USER:
        raise InvalidArgument("name must have the form users/{user}", field="name")
    return user


def _line(user: str, spent: Spent) -> operations_pb2.Usage.Line:
    totals = operations_pb2.Usage.Totals(
        calls=spent.calls,
        prompt_tokens=spent.prompt_tokens,
        completion_tokens=spent.completion_tokens,
        cost_usd=spent.cost_usd,
        unpriced_calls=spent.unpriced_calls,
    )
    return operations_pb2.Usage.Line(
        user=user,
        course=spent.course,
        provider=spent.provider,
        model=spent.model,
        purpose=spent.purpose,
        totals=totals,
    )
