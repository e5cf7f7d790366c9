"""What the other services call: requests in, events out."""

from collections.abc import AsyncGenerator

from kit.auth.caller import Caller
from kit.errors import FailedPrecondition, InvalidArgument, Reason
from services.inference.model.generation import Event, Purpose, Request
from services.inference.ports import Generator
from services.inference.service.catalog import Catalog
from services.inference.service.prompts import Prompts

MAX_TEXT = 512 * 1024
MAX_IMAGES = 16 * 1024 * 1024


class Generation:
    """Renders what is asked and has it answered."""

    def __init__(self, catalog: Catalog, prompts: Prompts, generator: Generator) -> None:
        self._catalog, self._prompts, self._generator = catalog, prompts, generator

    def stream(self, caller: Caller, request: Request) -> AsyncGenerator[Event, None]:
        """Raises InvalidArgument for what no model can take; the events raise Unavailable where none answers."""
        _check(request)
        if request.purpose is Purpose.RECOGNITION and not self._catalog.routes(request.purpose):
            raise FailedPrecondition("no provider has a model for `recognition`")  # waiting for one would not end
        prompt = self._prompts.render(request, self._catalog.context_tokens(request.purpose))
        return self._generator.stream(caller, prompt)


def _check(request: Request) -> None:
    if request.tutoring is None and not any(message.text.strip() for message in request.messages):
        raise InvalidArgument("there is nothing to answer", Reason.MESSAGE_EMPTY, field="messages")
    if request.tutoring is not None and not request.tutoring.question.strip():
        raise InvalidArgument("the question is empty", Reason.MESSAGE_EMPTY, field="tutoring.question")
    if sum(len(image) for message in request.messages for image in message.images) > MAX_IMAGES:
        raise InvalidArgument("the pictures are too large", Reason.TOO_LARGE, field="messages")
    if (
        sum(len(message.text) for message in request.messages) + len(request.continue_from + request.continues)
        > MAX_TEXT
    ):
        raise InvalidArgument("the messages are too long", Reason.TOO_LARGE, field="messages")
