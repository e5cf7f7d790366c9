"""What clients send.

Fields that only tune sampling are taken and left out; those that change the kind of answer are refused.
"""

from typing import Annotated, Any, Literal, Protocol

from pydantic import AfterValidator, BaseModel, Field

MAX_STOPS = 4
MAX_STOP_LENGTH = 256
# Beyond what any model gives.
MAX_TOKENS = 1_000_000
MAX_DIMENSIONS = 100_000


def _refuse(value: object) -> None:
    if value:
        raise ValueError("this is not supported here")


def _sizes(texts: "str | list[str]") -> "str | list[str]":
    stops = [texts] if isinstance(texts, str) else texts
    if not all(0 < len(stop) <= MAX_STOP_LENGTH for stop in stops):
        raise ValueError(f"a stop sequence has 1 to {MAX_STOP_LENGTH} characters")
    return texts


Unsupported = Annotated[Any, AfterValidator(_refuse)]
Stops = Annotated[str | Annotated[list[str], Field(max_length=MAX_STOPS)], AfterValidator(_sizes)]


class TextPart(BaseModel):
    type: Literal["text", "input_text", "output_text"] = "text"
    text: str


class Said(Protocol):
    """A message of either API."""

    @property
    def role(self) -> str: ...

    @property
    def content(self) -> str | list[TextPart] | None: ...


class ChatMessage(BaseModel):
    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[TextPart] | None = ""

    @property
    def text(self) -> str:
        return text_of(self.content)


class JsonSchema(BaseModel):
    name: str = ""
    schema_: dict[str, Any] = Field({}, alias="schema")


class ResponseFormat(BaseModel):
    type: Literal["text", "json_object", "json_schema"]
    json_schema: JsonSchema = JsonSchema()


class StreamOptions(BaseModel):
    include_usage: bool = False


class Grounding(BaseModel):
    """What `extra_body` may add: an answer by the tutor of this course, in the caller's thread there."""

    course: str = Field("", description="`courses/{course}`; empty asks the model alone")
    video_url: str = Field("", description="The lecture on screen")
    position: Annotated[float | None, Field(ge=0)] = Field(None, description="Where the video stands, in seconds")


class ChatRequest(Grounding):
    """A chat completion. With `course` the last user message is the question, and the thread itself is the past."""

    model: str
    messages: Annotated[list[ChatMessage], Field(min_length=1, max_length=1000)]
    stream: bool = False
    stream_options: StreamOptions | None = None
    max_tokens: Annotated[int | None, Field(ge=1, le=MAX_TOKENS)] = None
    max_completion_tokens: Annotated[int | None, Field(ge=1, le=MAX_TOKENS)] = None
    temperature: Annotated[float | None, Field(ge=0, le=2)] = None
    stop: Stops | None = None
    n: Annotated[int | None, Field(ge=1, le=1)] = None
    response_format: ResponseFormat | None = None
    tools: Unsupported = None
    functions: Unsupported = None
    logprobs: Unsupported = None
    audio: Unsupported = None

    @property
    def stops(self) -> tuple[str, ...]:
        return (self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ())


class EmbeddingsRequest(BaseModel):
    model: str
    input: str | Annotated[list[str], Field(min_length=1, max_length=2048)]
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: Annotated[int | None, Field(ge=1, le=MAX_DIMENSIONS)] = None

    @property
    def texts(self) -> list[str]:
        return [self.input] if isinstance(self.input, str) else self.input


def text_of(content: str | list[TextPart] | None) -> str:
    if isinstance(content, list):
        return "".join(part.text for part in content)
    return content or ""
