"""What the edge routes, read from the contract itself: every RPC whose access rule is not INTERNAL."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from google.api import annotations_pb2, http_pb2
from google.protobuf import any_pb2, duration_pb2
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet, MethodDescriptorProto
from google.rpc import error_details_pb2, status_pb2
from lectern.auth.v1 import access_pb2

_OWNERS = {"threads": "threads", "context": "context", "inference": "inference"}
_VARIABLE = re.compile(r"\{[^=}]+(?:=([^}]*))?\}")


class ContractError(Exception):
    """A contract that the edge must not serve."""


@dataclass(frozen=True)
class Method:
    """A public RPC; `reads` ones may be sent again, `rest` are the paths (as regular expressions) of its JSON face."""

    path: str
    streams: bool
    reads: bool
    open: bool
    rest: tuple[str, ...]


@dataclass(frozen=True)
class Service:
    """A public gRPC service and the cluster that serves it."""

    name: str
    cluster: str
    methods: tuple[Method, ...]


@dataclass(frozen=True)
class Contract:
    services: tuple[Service, ...]

    @cached_property
    def methods(self) -> tuple[Method, ...]:
        """All public methods."""
        return tuple(method for service in self.services for method in service.methods)

    def method(self, path: str) -> Method:
        """The public method of this gRPC path."""
        return next(method for method in self.methods if method.path == path)


def public_contract(descriptors: FileDescriptorSet) -> Contract:
    """The services that clients may reach."""
    return Contract(tuple(_public_services(descriptors.file)))


def with_error_details(descriptors: FileDescriptorSet) -> FileDescriptorSet:
    """The same contract, with the types of error details: without them the transcoder can't write errors as JSON.

    Comments are left out.
    """
    extended = FileDescriptorSet.FromString(descriptors.SerializeToString())
    for file in extended.file:
        file.ClearField("source_code_info")
    known = {file.name for file in extended.file}
    for module in (any_pb2, duration_pb2, error_details_pb2, status_pb2):
        if module.DESCRIPTOR.name not in known:
            module.DESCRIPTOR.CopyToProto(extended.file.add())
    return extended


def _public_services(files: Iterable[FileDescriptorProto]) -> Iterator[Service]:
    for file in files:
        for service in file.service:
            name = f"{file.package}.{service.name}"
            internal = {_access(method) == access_pb2.ACCESS_INTERNAL for method in service.method}
            if internal == {True, False}:
                raise ContractError(f"{name} mixes public and internal methods; the edge routes whole services")
            if internal == {False}:
                yield Service(name, _cluster(file.package), tuple(_method(name, method) for method in service.method))


def _method(service: str, method: MethodDescriptorProto) -> Method:
    rule = method.options.Extensions[annotations_pb2.http]
    access = _access(method)
    if access == access_pb2.ACCESS_UNSPECIFIED:
        raise ContractError(f"{service}.{method.name} declares no access rule")
    return Method(
        path=f"/{service}/{method.name}",
        streams=method.server_streaming or method.client_streaming,
        reads=rule.WhichOneof("pattern") == "get" and not method.server_streaming,
        open=access == access_pb2.ACCESS_OPEN,
        rest=tuple(_regex(binding) for binding in (rule, *rule.additional_bindings) if binding.WhichOneof("pattern")),
    )


def _access(method: MethodDescriptorProto) -> int:
    return int(method.options.Extensions[access_pb2.access])


def _cluster(package: str) -> str:
    return _OWNERS.get(package.split(".")[1], "gateway")


def _regex(rule: http_pb2.HttpRule) -> str:
    """`/v1/{name=courses/*}:preload` as a regular expression over whole paths."""
    template = getattr(rule, str(rule.WhichOneof("pattern")))
    plain = _VARIABLE.sub(lambda variable: variable.group(1) or "*", template)
    parts = re.split(r"(\*\*|\*)", plain)
    return "".join({"**": ".+", "*": "[^/]+"}.get(part, re.escape(part)) for part in parts)
