"""How a client wants its answer: what of that is followed, left out without harm, or refused by its name."""

from typing import Annotated, Any

import orjson
from pydantic import BaseModel, ConfigDict, Field

from kit.errors import InvalidArgument

# What changes nothing of an answer; of some, only these values.
LEFT_OUT: dict[str, tuple[Any, ...]] = {
    "user": (),
    "safety_identifier": (),
    "prompt_cache_key": (),
    "prompt_cache_retention": (),
    "service_tier": (),
    "metadata": (),
    "store": (),
    "parallel_tool_calls": (),
    "max_tool_calls": (),
    "stream_options": (),
    "tool_choice": ("none", "auto"),
    "modalities": (["text"],),
    "truncation": ("auto", "disabled"),
}


class Tuned(BaseModel):
    """Fields that models are tuned by; what else a client sends is looked at by `check_rest`."""

    model_config = ConfigDict(extra="allow")

    temperature: Annotated[float | None, Field(ge=0, le=2)] = None
    top_p: Annotated[float | None, Field(ge=0, le=1)] = None
    frequency_penalty: Annotated[float | None, Field(ge=-2, le=2)] = None
    presence_penalty: Annotated[float | None, Field(ge=-2, le=2)] = None
    seed: Annotated[int | None, Field(ge=-(2**63), lt=2**63)] = None

    def parameters(self, **more: Any) -> str:
        """What is sent to the provider as it is, as a JSON object; empty where nothing is set."""
        names = ("top_p", "frequency_penalty", "presence_penalty", "seed")
        found = {**{name: getattr(self, name) for name in names}, **more}
        told = {name: value for name, value in found.items() if value is not None}
        return orjson.dumps(told).decode() if told else ""


def check_rest(asked: BaseModel) -> None:
    """Raises InvalidArgument that names the first field that would have to be ignored."""
    for name, value in (asked.model_extra or {}).items():
        if not value or (name in LEFT_OUT and (not LEFT_OUT[name] or value in LEFT_OUT[name])):
            continue
        raise InvalidArgument(f"{name[:64]}: this is not supported here", field=name[:64])
