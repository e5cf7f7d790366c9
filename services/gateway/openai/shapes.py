"""What clients send: it is followed, or changes nothing, or is refused by its name; nothing is ignored in silence."""

from typing import Annotated, Any, Literal, Protocol

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from services.gateway.openai.tuning import Tuned

ANY_OBJECT: dict[str, Any] = {"type": "object"}
MAX_STOPS = 4
MAX_STOP_LENGTH = 256
# Beyond what any model gives.
MAX_TOKENS = 1_000_000
MAX_DIMENSIONS = 100_000
# Of a schema, as it is kept with a question among its options.
MAX_SCHEMA_BYTES = 48 * 1024
# Parts of messages by what they hold.
TEXT_PARTS = frozenset({"text", "input_text", "output_text"})
OTHER_PARTS = {
    **dict.fromkeys(("image", "image_url", "input_image"), "images"),
    **dict.fromkeys(("audio", "input_audio", "output_audio"), "audio"),
    **dict.fromkeys(("file", "input_file"), "files"),
    **dict.fromkeys(("video", "video_url", "input_video"), "videos"),
}


def _refuse(value: object) -> None:
    if value:
        raise ValueError("this is not supported here")


def _sizes(texts: "str | list[str]") -> "str | list[str]":
    stops = [texts] if isinstance(texts, str) else texts
    if not all(0 < len(stop) <= MAX_STOP_LENGTH for stop in stops):
        raise ValueError(f"a stop sequence has 1 to {MAX_STOP_LENGTH} characters")
    return texts


def _only_text(content: Any) -> Any:
    """Refuses what is no text by what it is; a refusal is what an assistant said."""
    if not isinstance(content, list):
        return content
    return [_text_part(part) for part in content]


def _text_part(part: Any) -> Any:
    kind = part.get("type", "text") if isinstance(part, dict) else "text"
    if kind == "refusal":
        return {"type": "text", "text": part.get("refusal")}
    kind = kind if isinstance(kind, str) else str(kind)
    if kind not in TEXT_PARTS:
        held = OTHER_PARTS.get(kind) or f"parts of the type {kind[:40]!r}"
        raise PydanticCustomError("not_text", "{held} are not taken here, only text", {"held": held})
    return part


def _no_tool(role: Any) -> Any:
    if role in ("tool", "function"):
        raise PydanticCustomError("no_tools", "tools are not served here, so no message can be of one")
    return role


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


Content = Annotated[str | list[TextPart], BeforeValidator(_only_text)]
Role = Annotated[Literal["system", "developer", "user", "assistant"], BeforeValidator(_no_tool)]


class ChatMessage(BaseModel):
    role: Role
    content: Content | None = ""
    tool_calls: Any = None
    function_call: Any = None

    @property
    def text(self) -> str:
        return text_of(self.content)


class JsonSchema(BaseModel):
    name: str = ""
    schema_: dict[str, Any] = Field({}, alias="schema")


class ResponseFormat(BaseModel):
    """The form of a chat completion."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: JsonSchema = JsonSchema()

    @property
    def schema_wanted(self) -> dict[str, Any] | None:
        return None if self.type == "text" else self.json_schema.schema_ or ANY_OBJECT


class TextFormat(JsonSchema):
    """The form of a response, whose schema stands beside its name."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: JsonSchema = JsonSchema()

    @property
    def schema_wanted(self) -> dict[str, Any] | None:
        return None if self.type == "text" else self.schema_ or self.json_schema.schema_ or ANY_OBJECT


class StreamOptions(BaseModel):
    include_usage: bool = False


class Grounding(BaseModel):
    """What `extra_body` may add: an answer by the tutor of this course, in the caller's thread there."""

    course: str = Field("", description="`courses/{course}`; empty asks the model alone")
    video_url: str = Field("", description="The lecture on screen")
    position: Annotated[float | None, Field(ge=0)] = Field(None, description="Where the video stands, in seconds")


class ChatRequest(Grounding, Tuned):
    """A chat completion. With `course` the last user message is the question, and the thread itself is the past."""

    model: str
    messages: Annotated[list[ChatMessage], Field(min_length=1, max_length=1000)]
    stream: bool = False
    stream_options: StreamOptions | None = None
    max_tokens: Annotated[int | None, Field(ge=1, le=MAX_TOKENS)] = None
    max_completion_tokens: Annotated[int | None, Field(ge=1, le=MAX_TOKENS)] = None
    stop: Stops | None = None
    n: Annotated[int | None, Field(ge=1, le=1)] = None
    response_format: ResponseFormat | None = None
    reasoning_effort: Annotated[str | None, Field(max_length=32)] = None
    verbosity: Annotated[str | None, Field(max_length=32)] = None
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
