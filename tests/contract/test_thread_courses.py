"""What threads asks about courses: of the context service, and of a set in memory."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from kit.auth.caller import Caller
from kit.channel import Peer
from kit.errors import NotFound, Reason
from services.threads.adapters.courses import GrpcCourses, MemoryCourses
from services.threads.ports import Courses
from tests.system import STUDENT, make_course, whole_system

ELSEWHERE = Caller("elsewhere", "ana")


@dataclass(frozen=True)
class Known:
    courses: Courses
    course: str


@pytest.fixture(params=["memory", "context"])
async def known(request: pytest.FixtureRequest) -> AsyncIterator[Known]:
    if request.param == "memory":
        yield Known(MemoryCourses([(STUDENT.tenant, "waves")]), "waves")
        return
    urls = request.getfixturevalue("redis_url"), request.getfixturevalue("mongodb_uri")
    async with whole_system(*urls) as system:
        secret = system.settings.internal_secret
        peer = Peer(f"127.0.0.1:{system.ports['context']}", service="threads", secret=secret)
        yield Known(GrpcCourses(peer), (await make_course(system)).removeprefix("courses/"))
        await peer.close()


async def test_a_course_is_seen_by_its_tenant_alone(known: Known) -> None:
    await known.courses.check(STUDENT, known.course)
    for caller, course in ((ELSEWHERE, known.course), (STUDENT, "none")):
        with pytest.raises(NotFound) as missing:
            await known.courses.check(caller, course)
        assert missing.value.reason is Reason.COURSE_NOT_FOUND
