from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from kit.auth.caller import Caller
from kit.errors import InvalidArgument
from kit.jobs.controls import ControlFields
from kit.jobs.limits import Rate
from kit.jobs.model import State
from kit.jobs.ports import JobQuery
from services.gateway.http.bodies import read_body
from services.gateway.http.door import Door
from services.gateway.jobs.app import JobsFace
from services.gateway.jobs.limits import PERIOD_SECONDS, concurrency_of, rate_of
from services.gateway.queuepage.door import same_origin

PATH = "/admin/queues"
JOBS_SHOWN = 50
CHANGES_SHOWN = 10
MOST_DIGITS = 9
MOST_FORM_BYTES = 1024


class QueuePage:
    """What every queue holds, the latest jobs of one, and what an operator does about them."""

    def __init__(self, face: JobsFace) -> None:
        self._face = face
        templates = Environment(
            loader=FileSystemLoader(Path(__file__).parent),
            undefined=StrictUndefined,
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        templates.filters["rate"] = _rate
        self._template = templates.get_template("page.html.j2")

    def routes(self, door: Door) -> list[BaseRoute]:
        return [
            Route(PATH, door(self.show), methods=["GET"]),
            Route(f"{PATH}/{{queue}}", door(self.show), methods=["GET"]),
            Route(f"{PATH}/{{queue}}/{{action}}", door(self.steer), methods=["POST"]),
            Route(f"{PATH}/{{queue}}/jobs/{{job}}/{{action}}", door(self.steer_job), methods=["POST"]),
        ]

    async def show(self, request: Request, caller: Caller) -> Response:
        queue, state = request.path_params.get("queue", ""), request.query_params.get("state", "")
        shown: dict[str, Any] = {"queue": queue, "state": state, "states": [state.value for state in State]}
        shown |= {"edits": bool(queue and "limits" in request.query_params), "changes": ()}
        if queue:
            shown["changes"] = (await self._face.lines.changes(queue, CHANGES_SHOWN, "")).changes
        wanted = State(state) if state in shown["states"] else None
        page = await self._face.reader.page(caller, JobQuery(JOBS_SHOWN, queue, wanted), "")
        html = self._template.render(path=PATH, lines=await self._face.lines.all(), jobs=page.jobs, **shown)
        return HTMLResponse(html, headers={"cache-control": "no-store"})

    async def steer(self, request: Request, caller: Caller) -> Response:
        """Pauses, resumes, limits, or retries what failed."""
        same_origin(request)
        queue, action = request.path_params["queue"], request.path_params["action"]
        if action in ("pause", "resume"):
            await self._face.lines.change(caller, queue, {"paused": action == "pause"})
        elif action == "limits":
            await self._face.lines.change(caller, queue, _limits(await read_body(request, MOST_FORM_BYTES)))
        elif action == "retry-failed":
            await self._face.jobs.retry_failed(self._face.lines.queue(queue).name)
        else:
            raise InvalidArgument("no such action")
        return _back(queue)

    async def steer_job(self, request: Request, caller: Caller) -> Response:
        """Retries or cancels a job."""
        same_origin(request)
        queue, action = request.path_params["queue"], request.path_params["action"]
        if action not in ("retry", "cancel"):
            raise InvalidArgument("no such action")
        steer = self._face.jobs.retry if action == "retry" else self._face.jobs.cancel
        await steer(caller, request.path_params["job"])
        return _back(queue)


def _limits(body: bytes) -> ControlFields:
    """Of a form; empty numbers go back to the setting, a rate of 0 is without a limit."""
    form = dict(parse_qsl(body.decode("utf-8", "replace")))
    concurrency, count, seconds = (_number(form, name) for name in ("concurrency", "count", "seconds"))
    return {
        "concurrency": None if concurrency is None else concurrency_of(concurrency),
        "rate": None if count is None else rate_of(count, PERIOD_SECONDS if seconds is None else seconds),
    }


def _number(form: dict[str, str], name: str) -> int | None:
    text = form.get(name, "").strip()
    if not text:
        return None
    if not text.isdecimal() or len(text) > MOST_DIGITS:
        raise InvalidArgument(f"{name} must be a whole number, or empty", field=name)
    return int(text)


def _rate(rate: Rate | None) -> str:
    return f"{rate.count} in {rate.seconds:g} s" if rate else "any time"


def _back(queue: str) -> Response:
    return RedirectResponse(f"{PATH}/{queue}", 303)
