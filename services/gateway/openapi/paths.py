"""Templates of `google.api.http` as paths of OpenAPI."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from google.api import http_pb2

VARIABLE = re.compile(r"\{([^=}]+)(?:=([^}]*))?\}")
SEGMENT = r"^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$"


@dataclass(frozen=True, slots=True)
class Path:
    """`fields` are the request's fields that the path holds; `parameters` are its own variables."""

    method: str
    template: str
    fields: frozenset[str]
    parameters: tuple[str, ...]
    body: str


def path_of(rule: http_pb2.HttpRule) -> Path:
    """`/v1/{name=courses/*}:preload` becomes `/v1/courses/{course}:preload`."""
    method = str(rule.WhichOneof("pattern"))
    fields, parameters = set[str](), list[str]()

    def expanded(variable: re.Match[str]) -> str:
        name, pattern = variable.group(1), variable.group(2)
        fields.add(name)
        if pattern is None:
            parameters.append(name)
            return f"{{{name}}}"
        parts = pattern.split("/")
        for at, part in enumerate(parts):
            if part == "*":
                parameters.append(_singular(parts[at - 1]))
                parts[at] = f"{{{parameters[-1]}}}"
        return "/".join(parts)

    template = VARIABLE.sub(expanded, getattr(rule, method))
    return Path(method, template, frozenset(fields), tuple(parameters), rule.body)


def parameter(name: str) -> Mapping[str, object]:
    """A part of a resource name."""
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string", "pattern": SEGMENT}}


def _singular(collection: str) -> str:
    """`quizzes` is of quiz, `deliveries` of delivery, `courses` of course."""
    for ending, single in (("zzes", "z"), ("ies", "y"), ("s", "")):
        if collection.endswith(ending):
            return collection.removesuffix(ending) + single
    return collection
