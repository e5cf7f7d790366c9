"""Has a model write what stands up to its source: a second try says what was wrong with the first."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import orjson
import structlog

from kit.auth.caller import Caller
from kit.errors import FailedPrecondition, InvalidArgument, Reason
from kit.writing.drafts import Unusable, draft_in
from kit.writing.ports import Assignment, Purpose, Writer, Written
from services.context.service.teaching.bounds import Bounds
from services.context.service.teaching.material import Material

TRY_AGAIN = "\nYour last attempt could not be used: {why}."

Result = TypeVar("Result")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Task(Generic[Result]):
    """What to write about a course, the schema to follow for some material, and how the draft is read.

    `read` raises Unusable.
    """

    purpose: Purpose
    course: str
    instruction: str
    schema: Callable[[Material], dict[str, Any]]
    bounds: Bounds
    read: Callable[[dict[str, Any], Material], Result]


async def written(writer: Writer, caller: Caller, task: Task[Result], material: Material) -> tuple[Result, Written]:
    """What a model wrote, as it was read; raises FailedPrecondition where no try can be used."""
    why = ""
    for room in task.bounds.rooms:
        part = material.within(room)
        instruction = task.instruction + (TRY_AGAIN.format(why=why) if why else "")
        schema = task.schema(part)
        try:
            text = await writer.write(
                caller,
                Assignment(
                    task.purpose, task.course, instruction, part.text, task.bounds.tokens, orjson.dumps(schema).decode()
                ),
            )
            return task.read(draft_in(text.text, schema), part), text
        except Unusable as error:
            why = str(error)
            log.info("draft_unusable", purpose=task.purpose.value, why=why)
        except InvalidArgument as error:
            if error.reason is not Reason.CONTEXT_TOO_LONG:
                raise
    raise FailedPrecondition(f"no model wrote what can be used: {why or 'the material is too long'}")
