import uuid
from typing import Any

from lectern_client.api.operations import D, Group, many, one
from lectern_client.model.jobs import Job
from lectern_client.model.turns import Turn, TurnEvent
from lectern_client.protocol.calls import Call, Stream, reading
from lectern_client.protocol.requests import Request, get, post, resource
from lectern_client.protocol.turns import TurnStream
from lectern_client.protocol.wire import duration


class Chat(Group[D]):
    """Questions about a lecture. `course` is `courses/x` or just `x`; `position` is where the video stands, in seconds.

    Each question has a `request_id`, made up where none is given: the same again is the same turn. `continues` names a
    turn whose cut answer is to be gone on with; the answer is the rest of it.
    """

    @many
    def ask(
        self,
        course: str,
        message: str,
        *,
        video_url: str = "",
        position: float | None = None,
        request_id: str = "",
        continues: str = "",
    ) -> Stream[TurnEvent]:
        """Asks, and gives the answer's events as they come, to Completed or Failed, whatever breaks on the way."""
        question = _question("/v1/chat:stream", course, message, video_url, position, request_id, continues)
        return TurnStream(question)

    @many
    def resume(self, turn: str, after_sequence: int = 0) -> Stream[TurnEvent]:
        """The events of a turn after a sequence."""
        return TurnStream(turn=turn, after=after_sequence)

    @one
    def create_turn(
        self,
        course: str,
        message: str,
        *,
        video_url: str = "",
        position: float | None = None,
        request_id: str = "",
        continues: str = "",
    ) -> Call[Turn]:
        """Asks, and waits for the whole answer."""
        question = _question("/v1/chat", course, message, video_url, position, request_id, continues)
        return Call(question, reading(Turn))

    @one
    def enqueue(
        self,
        course: str,
        message: str,
        *,
        video_url: str = "",
        position: float | None = None,
        request_id: str = "",
        continues: str = "",
    ) -> Call[Job]:
        """Asks by a job, for callers that need not wait."""
        question = _question("/v1/chat:enqueue", course, message, video_url, position, request_id, continues)
        return Call(question, reading(Job))

    @one
    def get_turn(self, turn: str) -> Call[Turn]:
        """The turn as it stands."""
        return Call(get(f"/v1/{resource('threads', turn)}"), reading(Turn))

    @one
    def cancel(self, turn: str) -> Call[Turn]:
        """Stops a turn; what was said is kept."""
        return Call(post(f"/v1/{resource('threads', turn)}:cancel", repeatable=True), reading(Turn))


def _question(
    path: str, course: str, message: str, video_url: str, position: float | None, request_id: str, continues: str
) -> Request:
    body: dict[str, Any] = {"videoUrl": video_url, "position": duration(position), "continues": continues}
    body |= {"requestId": request_id or uuid.uuid4().hex}
    return post(path, course=resource("courses", course), message=message, repeatable=True, **body)
