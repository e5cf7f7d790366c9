"""The edge's own refusals, in the shape of every other error of the API."""

import base64
from dataclasses import dataclass

from google.protobuf import any_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2

_DOMAIN = "lectern"


@dataclass(frozen=True)
class EdgeError:
    """What the edge answers by itself with this HTTP status; `when` narrows it to a cause that Envoy names."""

    http: int
    code: int
    reason: str
    when: str = ""
    retry_after_seconds: int = 0


@dataclass(frozen=True)
class GrpcRefusal:
    """The same for gRPC clients, who need a fixed message: it must equal the one inside the encoded status."""

    http: int
    message: str
    status: str
    when: str = ""


_EXPIRED = "Jwt_is_expired"

ERRORS = (
    EdgeError(400, code_pb2.INVALID_ARGUMENT, "INVALID_ARGUMENT"),
    EdgeError(401, code_pb2.UNAUTHENTICATED, "TOKEN_EXPIRED", when=_EXPIRED),
    EdgeError(401, code_pb2.UNAUTHENTICATED, "UNAUTHENTICATED"),
    EdgeError(403, code_pb2.PERMISSION_DENIED, "UNAUTHENTICATED"),
    EdgeError(404, code_pb2.NOT_FOUND, "UNKNOWN_METHOD"),
    EdgeError(405, code_pb2.UNIMPLEMENTED, "UNKNOWN_METHOD"),
    EdgeError(408, code_pb2.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED"),
    EdgeError(413, code_pb2.INVALID_ARGUMENT, "TOO_LARGE"),
    EdgeError(415, code_pb2.INVALID_ARGUMENT, "INVALID_ARGUMENT"),
    EdgeError(429, code_pb2.RESOURCE_EXHAUSTED, "RATE_LIMITED", retry_after_seconds=1),
    EdgeError(431, code_pb2.INVALID_ARGUMENT, "TOO_LARGE"),
    EdgeError(500, code_pb2.INTERNAL, "INTERNAL"),
    EdgeError(502, code_pb2.UNAVAILABLE, "DEPENDENCY_UNAVAILABLE"),
    EdgeError(503, code_pb2.UNAVAILABLE, "DEPENDENCY_UNAVAILABLE", retry_after_seconds=1),
    EdgeError(504, code_pb2.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED"),
)


def _refusal(http: int, code: int, reason: str, message: str, when: str = "") -> GrpcRefusal:
    info = any_pb2.Any()
    info.Pack(error_details_pb2.ErrorInfo(reason=reason, domain=_DOMAIN))
    status = status_pb2.Status(code=code, message=message, details=[info]).SerializeToString()
    return GrpcRefusal(http, message, base64.b64encode(status).decode().rstrip("="), when)


# The codes are those that Envoy itself gives to gRPC clients for these HTTP statuses.
REFUSALS = (
    _refusal(401, code_pb2.UNAUTHENTICATED, "TOKEN_EXPIRED", "The bearer token has expired.", _EXPIRED),
    _refusal(401, code_pb2.UNAUTHENTICATED, "UNAUTHENTICATED", "A valid bearer token is needed."),
    _refusal(404, code_pb2.UNIMPLEMENTED, "UNKNOWN_METHOD", "There is no such method here."),
    _refusal(503, code_pb2.UNAVAILABLE, "DEPENDENCY_UNAVAILABLE", "The service does not answer; try again."),
)
