"""The messages, enums and services of the contract, by name, with their comments."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import lectern
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    ServiceDescriptorProto,
)

from services.gateway.openapi.comments import comments_of

DESCRIPTORS = Path(next(iter(lectern.__path__))).parent / "descriptors.binpb"


@dataclass(frozen=True)
class Contract:
    """Everything that the descriptors hold; names are full ones, without a leading dot."""

    messages: Mapping[str, DescriptorProto] = field(default_factory=dict)
    enums: Mapping[str, EnumDescriptorProto] = field(default_factory=dict)
    services: Mapping[str, ServiceDescriptorProto] = field(default_factory=dict)
    comments: Mapping[str, str] = field(default_factory=dict)


def read_contract(path: Path = DESCRIPTORS) -> Contract:
    """The contract that `make proto` wrote."""
    messages: dict[str, DescriptorProto] = {}
    enums: dict[str, EnumDescriptorProto] = {}
    services: dict[str, ServiceDescriptorProto] = {}
    comments: dict[str, str] = {}
    for file in FileDescriptorSet.FromString(path.read_bytes()).file:
        services |= {f"{file.package}.{service.name}": service for service in file.service}
        enums |= {f"{file.package}.{enum.name}": enum for enum in file.enum_type}
        comments |= comments_of(file)
        for name, message in _messages(file):
            messages[name] = message
            enums |= {f"{name}.{enum.name}": enum for enum in message.enum_type}
    return Contract(messages, enums, services, comments)


def _messages(file: FileDescriptorProto) -> Iterator[tuple[str, DescriptorProto]]:
    waiting = [(f"{file.package}.{message.name}", message) for message in file.message_type]
    while waiting:
        name, message = waiting.pop()
        yield name, message
        waiting += [(f"{name}.{nested.name}", nested) for nested in message.nested_type]
