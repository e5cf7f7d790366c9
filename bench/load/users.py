"""Users of the measured stack, as callers of the load generator."""

from collections.abc import Iterable, Mapping, Sequence

import orjson

from bench.load.orders import NUMBER, Caller
from bench.load.rig import Rig
from kit.auth.caller import Role

QUESTION = f"What does a wave carry from place to place, and what stays where it is? ({NUMBER})"
DELTA = '"delta":'
COMPLETED = '"completed":'
CONTENT = '"content":'
DONE = "[DONE]"
CHOICES = '"choices"'
THREAD = '"thread"'


def headers(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}", "content-type": "application/json"}


def turns(rig: Rig, users: Iterable[str], *, stream: bool = False, question: str = QUESTION) -> list[Caller]:
    """Each user asks in a thread of their own; a question that no one has asked before."""
    path = "/v1/chat:stream" if stream else "/v1/chat"
    body = {"course": rig.course, "videoUrl": rig.video_url, "message": question, "requestId": NUMBER}
    return [Caller(path, headers(rig.stack.token(user)), _json(body)) for user in users]


def completions(base_path: str, users: Sequence[Mapping[str, str]], *, stream: bool = False) -> list[Caller]:
    """OpenAI's API below a path; `users` are the headers that each sends."""
    body = {"model": "fake", "messages": [{"role": "user", "content": QUESTION}], "stream": stream}
    own = {"content-type": "application/json"}
    return [Caller(f"{base_path}/chat/completions", own | dict(each), _json(body)) for each in users]


def reads(rig: Rig, users: Iterable[str], path: str) -> list[Caller]:
    return [Caller(path, {"authorization": f"Bearer {rig.stack.token(user)}"}) for user in users]


def names(prefix: str, count: int) -> list[str]:
    return [f"{prefix}-{number}" for number in range(count)]


def teacher(rig: Rig) -> dict[str, str]:
    """What a teacher's calls carry."""
    return {"authorization": f"Bearer {rig.stack.token('teacher', Role.TEACHER)}"}


def admin(rig: Rig) -> dict[str, str]:
    """What the calls of whoever operates the stack carry."""
    return {"authorization": f"Bearer {rig.stack.token('admin', Role.ADMIN)}"}


def _json(body: Mapping[str, object]) -> str:
    return orjson.dumps(body).decode()
