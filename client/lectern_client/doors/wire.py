"""What both doors have to say to httpx."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx

from lectern_client.protocol.plans import Broken
from lectern_client.protocol.policy import Policy
from lectern_client.protocol.requests import Reply, Request, Upload

Token = str | Callable[[], str]
"""A JWT, or what is asked for one with each request."""


def arguments(request: Request, token: Token, policy: Policy, opened: ExitStack) -> dict[str, Any]:
    """For `build_request` of a client of httpx; files are opened until the stack is closed."""
    current = token if isinstance(token, str) else token()
    return {
        "method": request.method,
        "url": request.path,
        "params": request.query or None,
        "json": request.json,
        "data": request.form or None,
        "files": [("files", _file(upload, opened)) for upload in request.files] or None,
        "headers": {"authorization": f"Bearer {current}"} if current else {},
        "timeout": httpx.Timeout(policy.quiet if request.streamed else policy.deadline, connect=policy.connect),
    }


def reply_of(response: httpx.Response) -> Reply:
    return Reply(response.status_code, {name.lower(): value for name, value in response.headers.items()})


def broken_by(error: httpx.RequestError) -> Broken:
    never_sent = httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout | httpx.UnsupportedProtocol
    return Broken(
        f"{type(error).__name__}: {error}" if str(error) else type(error).__name__,
        sent=not isinstance(error, never_sent),
    )


def _file(upload: Upload, opened: ExitStack) -> tuple[str, Any, str]:
    content = upload.content
    if isinstance(content, Path):
        content = opened.enter_context(content.open("rb"))
    return upload.name, content, upload.media_type
