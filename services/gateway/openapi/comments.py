"""The comments of the protos, by the full names of what they stand before."""

from collections.abc import Iterator, Mapping, Sequence

from google.protobuf.descriptor_pb2 import DescriptorProto, EnumDescriptorProto, FileDescriptorProto

# Numbers of the fields of FileDescriptorProto and its parts, as they stand in the paths of source locations.
MESSAGES, ENUMS, SERVICES = 4, 5, 6
FIELDS, NESTED, NESTED_ENUMS, VALUES, METHODS = 2, 3, 4, 2, 2

Place = tuple[int, ...]


def comments_of(file: FileDescriptorProto) -> Mapping[str, str]:
    """One line each, without the marks of comments."""
    said = {tuple(at.path): " ".join(at.leading_comments.split()) for at in file.source_code_info.location}
    return {name: said[place] for name, place in _places(file) if said.get(place)}


def _places(file: FileDescriptorProto) -> Iterator[tuple[str, Place]]:
    for number, message in enumerate(file.message_type):
        yield from _in_message(f"{file.package}.{message.name}", (MESSAGES, number), message)
    yield from _in_enums(file.package, (ENUMS,), file.enum_type)
    for number, service in enumerate(file.service):
        name = f"{file.package}.{service.name}"
        yield name, (SERVICES, number)
        for index, method in enumerate(service.method):
            yield f"{name}.{method.name}", (SERVICES, number, METHODS, index)


def _in_message(name: str, place: Place, message: DescriptorProto) -> Iterator[tuple[str, Place]]:
    yield name, place
    for number, field in enumerate(message.field):
        yield f"{name}.{field.name}", (*place, FIELDS, number)
    for number, nested in enumerate(message.nested_type):
        yield from _in_message(f"{name}.{nested.name}", (*place, NESTED, number), nested)
    yield from _in_enums(name, (*place, NESTED_ENUMS), message.enum_type)


def _in_enums(scope: str, place: Place, enums: Sequence[EnumDescriptorProto]) -> Iterator[tuple[str, Place]]:
    for number, enum in enumerate(enums):
        yield f"{scope}.{enum.name}", (*place, number)
        for index, value in enumerate(enum.value):
            yield f"{scope}.{enum.name}.{value.name}", (*place, number, VALUES, index)
