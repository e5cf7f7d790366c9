"""What `/openapi.json` tells of these endpoints."""

from typing import Any

from services.gateway.openapi.document import Fragment

TAG = "Older endpoints"
ABOUT = "The paths and shapes of the systems that Lectern follows. New clients use `/v1`."
ERROR: dict[str, Any] = {
    "type": "object",
    "required": ["success", "error", "message"],
    "properties": {"success": {"const": False}, "error": {"type": "string"}, "message": {"type": "string"}},
}
STATUSES = {
    "400": "A parameter is missing or malformed.",
    "401": "No valid token.",
    "403": "The caller's role does not reach this call.",
    "404": "No such thing, or not the caller's.",
    "413": "The request is too large.",
    "429": "Too many requests.",
    "500": "A defect of the server.",
    "503": "A part that the call needs does not answer.",
    "504": "The time ran out.",
}
SEGMENT = {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$"}
TEXT: dict[str, Any] = {"type": "string"}
NUMBER: dict[str, Any] = {"type": "number"}
WHOLE: dict[str, Any] = {"type": "integer"}
OBJECT: dict[str, Any] = {"type": "object"}


def _object(**properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _data(schema: dict[str, Any]) -> dict[str, Any]:
    return _object(success={"const": True}, data=schema)


def _query(name: str, *, required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": required, "schema": SEGMENT if name == "courseId" else TEXT}


def _in_path(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": SEGMENT}


REDIS = _object(status=TEXT, ready={"type": "boolean"})
BREAKER = _object(state={"enum": ["closed", "open", "halfOpen"]}, stats=OBJECT)
COURSE = _object(id=TEXT, title=TEXT, description=TEXT, videoCount=WHOLE)
TASK = _object(
    task_id=TEXT,
    status={"enum": ["PENDING", "STARTED", "SUCCESS", "FAILURE", "REVOKED"]},
    progress=WHOLE,
    message=TEXT,
)
QUEUED = _object(success={"const": True}, status=TEXT, jobId=TEXT, message=TEXT, statusUrl=TEXT)
REPORT = _object(
    success={"const": True},
    status={"enum": ["waiting", "active", "completed", "failed"]},
    progress=WHOLE,
    jobId=TEXT,
)
STATS = _object(activeThreads=WHOLE, cacheHitRate=NUMBER, memory=OBJECT, redis={"type": "boolean"})
HEALTH = _object(status=TEXT, redis={"type": "boolean"}, timestamp=TEXT)
CHAT = [_query("courseId", required=True), _query("videoUrl"), _query("message", required=True)]
TAKEN = _object(task_id=TEXT, course_id=TEXT, status=TEXT, files={"type": "array", "items": TEXT}, message=TEXT)
PDF = {"type": "string", "contentMediaType": "application/pdf"}
FORM = _object(files={"type": "array", "items": PDF, "minItems": 1}, course_title={"type": "string", "minLength": 1})
PDFS = {"required": True, "content": {"multipart/form-data": {"schema": FORM}}}
CHAT_ANSWER = _object(response=TEXT, threadId=TEXT, citations={"type": "array", "items": OBJECT}, finishReason=TEXT)
PRELOAD = {"content": {"application/json": {"schema": {"type": "object", "properties": {"courseId": TEXT}}}}}

# Path, method, summary, the schema of the answer, and what else the operation says.
ENDPOINTS: tuple[tuple[str, str, str, dict[str, Any], dict[str, Any]], ...] = (
    ("/trainer/chat", "get", "Asks the tutor", _data(CHAT_ANSWER), {"parameters": CHAT}),
    ("/trainer/health", "get", "Says how the system is", _data(HEALTH), {"security": []}),
    ("/trainer/stats", "get", "Sums up the fleet", _data(STATS), {}),
    ("/trainer/preload", "post", "Warms the cache up", _data(OBJECT), {"requestBody": PRELOAD}),
    ("/trainer/cache/{courseId}", "delete", "Clears a cache", _data(OBJECT), {"parameters": [_in_path("courseId")]}),
    ("/admin/breaker-stats", "get", "Shows the breakers", _object(database=BREAKER, aiProviders=OBJECT), {}),
    ("/admin/cache-stats", "get", "Shows the caches", _object(memory=OBJECT, redis=REDIS), {}),
    ("/admin/queue-stats", "get", "Shows the queues", _object(titleGeneration=OBJECT, redis=REDIS), {}),
    ("/worker-stats", "get", "Shows the workers", _object(active_workers=OBJECT, active_tasks=OBJECT), {}),
    ("/upload-pdfs", "post", "Makes a course of PDFs", TAKEN, {"requestBody": PDFS}),
    ("/jobs/{taskId}", "get", "Reads a job", TASK, {"parameters": [_in_path("taskId")]}),
    ("/reports/session/{id}", "post", "Asks for a report", QUEUED, {"parameters": [_in_path("id")]}),
    ("/reports/session/{id}/status", "get", "Says how far a report is", REPORT, {"parameters": [_in_path("id")]}),
    ("/courses", "get", "Lists the tenant's courses", {"type": "array", "items": COURSE}, {}),
)


def fragment() -> Fragment:
    """Paths and schemas of the older systems' endpoints."""
    paths: dict[str, dict[str, Any]] = {}
    for path, method, summary, schema, more in ENDPOINTS:
        paths.setdefault(f"/api{path}", {})[method] = _operation(path, method, summary, schema) | more
    return Fragment(TAG, ABOUT, paths, {"legacy.Error": ERROR})


def _operation(path: str, method: str, summary: str, schema: dict[str, Any]) -> dict[str, Any]:
    name = "_".join(part.strip("{}").replace("-", "_") for part in path.split("/") if part)
    answer: dict[str, Any] = {"application/json": {"schema": schema}}
    if path.endswith("/chat"):
        answer["text/event-stream"] = {"schema": TEXT}
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/legacy.Error"}}}
    errors = {status: {"description": told, "content": error} for status, told in STATUSES.items()}
    return {
        "tags": [TAG],
        "operationId": f"legacy_{method}_{name}",
        "summary": summary,
        "responses": {"200": {"description": "The answer.", "content": answer}, **errors},
    }
