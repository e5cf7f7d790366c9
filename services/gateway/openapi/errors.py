"""What every operation may answer instead."""

from typing import Any

SHARED = "#/components/responses/"
ERRORS = {
    "400": ("Invalid", "A field is missing, malformed or out of bounds, or the state does not allow this."),
    "401": ("Unauthenticated", "No valid token."),
    "403": ("Forbidden", "The caller's role does not reach this call."),
    "404": ("NotFound", "No such resource, or not the caller's."),
    "409": ("Conflict", "It exists already, or another process or turn holds it."),
    "413": ("TooLarge", "The request is too large."),
    "429": ("TooMany", "Too many requests, or a budget that is spent."),
    "500": ("Defect", "A defect of the server; the request id finds its trace."),
    "503": ("Unavailable", "A part that the call needs does not answer."),
    "504": ("TimedOut", "The time ran out."),
}
RETRY_AFTER = {"description": "When to come back, in seconds.", "schema": {"type": "integer"}}


def responses(*, open_to_all: bool = False) -> dict[str, Any]:
    """References to the shared responses, by status."""
    return {
        status: {"$ref": f"{SHARED}{name}"}
        for status, (name, _) in ERRORS.items()
        if not (open_to_all and status in ("401", "403"))
    }


def shared_responses(schema: str = "Status") -> dict[str, Any]:
    """The responses that all operations of the contract share."""
    return {name: _response(status, told, schema) for status, (name, told) in ERRORS.items()}


def _response(status: str, told: str, schema: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    headers = {"headers": {"Retry-After": RETRY_AFTER}} if status in ("429", "503") else {}
    return {"description": told, "content": content, **headers}


STATUS: dict[str, Any] = {
    "type": "object",
    "description": "An error, as `google.rpc.Status`.",
    "properties": {
        "code": {"type": "integer", "description": "The gRPC code."},
        "message": {"type": "string", "description": "What is wrong, for people."},
        "details": {
            "type": "array",
            "description": "`google.rpc.ErrorInfo` with the reason; `BadRequest` and `RetryInfo` where they apply.",
            "items": {
                "type": "object",
                "properties": {"@type": {"type": "string"}, "reason": {"type": "string"}, "domain": {"type": "string"}},
            },
        },
    },
}
