"""Carries plans out against a script instead of a network."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from lectern_client.protocol.plans import Broken, Emit, Open, Plan, Read, Wait, advance
from lectern_client.protocol.policy import Policy
from lectern_client.protocol.requests import Reply, Request


@dataclass(frozen=True)
class Answer:
    """What one request is answered by; `cut` breaks the connection after the chunks."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    chunks: Sequence[bytes] = ()
    cut: bool = False


def said(body: Any, status: int = 200, **headers: str) -> Answer:
    """JSON."""
    return Answer(
        status, {name.replace("_", "-"): value for name, value in headers.items()}, [json.dumps(body).encode()]
    )


def events(*data: Any, cut: bool = False) -> Answer:
    """Server-sent events."""
    return Answer(chunks=[f"data: {json.dumps(each)}\n\n".encode() for each in data], cut=cut)


def refused(status: int, code: int, reason: str, **headers: str) -> Answer:
    details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "lectern"}]
    return said({"code": code, "message": "no", "details": details}, status, **headers)


NOT_REACHED = Broken("nobody listens", sent=False)


class Script:
    """Answers one request after another, keeps what was sent and waited, and has a clock that only waiting moves."""

    def __init__(self, *answers: Answer | Broken) -> None:
        self._answers = list(answers)
        self._chunks: list[bytes | Broken] = []
        self.requests: list[Request] = []
        self.waits: list[float] = []
        self.policy = Policy(clock=lambda: sum(self.waits), dice=lambda: 0.0)

    def run(self, plan: Plan[Any]) -> list[Any]:
        """What the plan emits."""
        emitted, result = [], None
        while (step := advance(plan, result)) is not None:
            if isinstance(step, Emit):
                emitted.append(step.item)
                result = None
            else:
                result = self._do(step)
        return emitted

    def _do(self, step: Open | Read | Wait) -> Any:
        match step:
            case Open(request):
                self.requests.append(request)
                return self._open(self._answers.pop(0))
            case Read():
                return self._chunks.pop(0) if self._chunks else b""
            case Wait(seconds):
                return self.waits.append(seconds)

    def _open(self, answer: Answer | Broken) -> Reply | Broken:
        if isinstance(answer, Broken):
            return answer
        self._chunks = [*answer.chunks, *([Broken("cut", sent=True)] if answer.cut else [])]
        return Reply(answer.status, answer.headers)
