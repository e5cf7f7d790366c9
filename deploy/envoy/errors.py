"""The edge's own refusals, in the shape of every other error of the API."""

import base64
from dataclasses import dataclass

from google.protobuf import any_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2

_DOMAIN = "lectern"


@dataclass(frozen=True)
class EdgeError:
    """What the edge answers by itself; without a message of ours Envoy's stands, which says what was wrong.

    `answered` is the HTTP status that goes out where Envoy's own is not what it should be.
    """

    http: int
    code: int
    reason: str
    message: str = ""
    when: str = ""
    retry_after_seconds: int = 0
    answered: int = 0


@dataclass(frozen=True)
class GrpcRefusal:
    """The same for gRPC clients: a fixed message, for it must equal the one inside the encoded status.

    `when` is a cause that Envoy names; a refusal without an HTTP status stands for all others.
    """

    http: int
    message: str
    status: str
    when: str = ""
    answered: int = 0


_EXPIRED = "Jwt_is_expired"
_NO_KEYS = "Jwks_remote_fetch"
_NO_SUCH = "There is no such path or method here."
_NO_ANSWER = "The service does not answer; try again."
_UNCHECKED = "The keys that tokens are checked with cannot be fetched; try again."

ERRORS = (
    EdgeError(400, code_pb2.INVALID_ARGUMENT, "INVALID_ARGUMENT"),
    EdgeError(401, code_pb2.UNAUTHENTICATED, "TOKEN_EXPIRED", "The bearer token has expired.", _EXPIRED),
    # Nobody is signed out because the identity provider is away for a while.
    EdgeError(401, code_pb2.UNAVAILABLE, "DEPENDENCY_UNAVAILABLE", _UNCHECKED, _NO_KEYS, 1, answered=503),
    EdgeError(401, code_pb2.UNAUTHENTICATED, "UNAUTHENTICATED"),
    EdgeError(403, code_pb2.PERMISSION_DENIED, "UNAUTHENTICATED"),
    EdgeError(404, code_pb2.NOT_FOUND, "UNKNOWN_METHOD", _NO_SUCH),
    EdgeError(405, code_pb2.UNIMPLEMENTED, "UNKNOWN_METHOD"),
    EdgeError(408, code_pb2.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED"),
    EdgeError(413, code_pb2.INVALID_ARGUMENT, "TOO_LARGE", "The request is too large."),
    EdgeError(415, code_pb2.INVALID_ARGUMENT, "INVALID_ARGUMENT"),
    EdgeError(429, code_pb2.RESOURCE_EXHAUSTED, "RATE_LIMITED", retry_after_seconds=1),
    EdgeError(431, code_pb2.INVALID_ARGUMENT, "TOO_LARGE", "The headers are too large."),
    EdgeError(500, code_pb2.INTERNAL, "INTERNAL"),
    EdgeError(502, code_pb2.UNAVAILABLE, "DEPENDENCY_UNAVAILABLE", _NO_ANSWER),
    EdgeError(503, code_pb2.UNAVAILABLE, "DEPENDENCY_UNAVAILABLE", _NO_ANSWER, retry_after_seconds=1),
    EdgeError(504, code_pb2.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED", "The service took too long to answer."),
)


def _refusal(http: int, code: int, reason: str, message: str, when: str = "", answered: int = 0) -> GrpcRefusal:
    info = any_pb2.Any()
    info.Pack(error_details_pb2.ErrorInfo(reason=reason, domain=_DOMAIN))
    status = status_pb2.Status(code=code, message=message, details=[info]).SerializeToString()
    return GrpcRefusal(http, message, base64.b64encode(status).decode().rstrip("="), when, answered)


# The codes are those that Envoy itself gives to gRPC clients for these HTTP statuses.
REFUSALS = (
    _refusal(401, code_pb2.UNAUTHENTICATED, "TOKEN_EXPIRED", "The bearer token has expired.", _EXPIRED),
    _refusal(401, code_pb2.UNAVAILABLE, "DEPENDENCY_UNAVAILABLE", _UNCHECKED, _NO_KEYS, answered=503),
    _refusal(401, code_pb2.UNAUTHENTICATED, "UNAUTHENTICATED", "A valid bearer token is needed."),
    _refusal(404, code_pb2.UNIMPLEMENTED, "UNKNOWN_METHOD", _NO_SUCH),
    _refusal(503, code_pb2.UNAVAILABLE, "DEPENDENCY_UNAVAILABLE", _NO_ANSWER),
    GrpcRefusal(0, "", ""),
)
