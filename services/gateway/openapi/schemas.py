"""Messages as JSON schemas, by the rules of proto JSON."""

from typing import Any

from google.api import field_behavior_pb2
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto

from services.gateway.openapi.contract import Contract

F = FieldDescriptorProto
Schema = dict[str, Any]

SCALARS: dict[int, Schema] = {
    F.TYPE_DOUBLE: {"type": "number", "format": "double"},
    F.TYPE_FLOAT: {"type": "number", "format": "float"},
    F.TYPE_INT32: {"type": "integer", "format": "int32"},
    F.TYPE_UINT32: {"type": "integer", "format": "int64", "minimum": 0},
    F.TYPE_INT64: {"type": "string", "format": "int64"},
    F.TYPE_UINT64: {"type": "string", "format": "uint64"},
    F.TYPE_BOOL: {"type": "boolean"},
    F.TYPE_STRING: {"type": "string"},
    F.TYPE_BYTES: {"type": "string", "format": "byte"},
}
WELL_KNOWN: dict[str, Schema] = {
    "google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
    "google.protobuf.Duration": {"type": "string", "pattern": r"^-?\d{1,9}(\.\d{1,9})?s$", "examples": ["12.5s"]},
    "google.protobuf.FieldMask": {"type": "string", "examples": ["title,description"]},
    "google.protobuf.Struct": {"type": "object"},
    "google.protobuf.Value": {},
    "google.protobuf.Empty": {"type": "object"},
}


class Schemas:
    """The schemas that were asked for, with all that they refer to."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self.components: dict[str, Schema] = {}

    def reference(self, name: str) -> Schema:
        """A message or enum by its full name."""
        if name in WELL_KNOWN:
            return dict(WELL_KNOWN[name])
        short = ".".join(part for part in name.split(".")[1:] if part != "v1")
        if short not in self.components:
            self.components[short] = {}  # messages may hold themselves
            self.components[short] = self._enum(name) if name in self._contract.enums else self._message(name)
        return {"$ref": f"#/components/schemas/{short}"}

    def field(self, owner: str, field: FieldDescriptorProto) -> Schema:
        """A field of a message, with its comment."""
        entry = self._map_entry(field)
        if entry is not None:
            schema: Schema = {"type": "object", "additionalProperties": self._one(entry.field[1])}
        elif field.label == F.LABEL_REPEATED:
            schema = {"type": "array", "items": self._one(field)}
        else:
            schema = self._one(field)
        if self._contract.comments.get(f"{owner}.{field.name}"):
            schema = {**schema, "description": self._contract.comments[f"{owner}.{field.name}"]}
        if field_behavior_pb2.OUTPUT_ONLY in behaviours(field):
            schema = {**schema, "readOnly": True}
        return schema

    def _message(self, name: str) -> Schema:
        message = self._contract.messages[name]
        schema: Schema = {
            "type": "object",
            "properties": {field.json_name: self.field(name, field) for field in message.field},
        }
        if self._contract.comments.get(name):
            schema["description"] = self._contract.comments[name]
        return schema

    def _enum(self, name: str) -> Schema:
        values = [value.name for value in self._contract.enums[name].value]
        told = {value: self._contract.comments.get(f"{name}.{value}", "") for value in values}
        meaning = "\n".join(f"- `{value}`: {comment}" for value, comment in told.items() if comment)
        return {
            "type": "string",
            "enum": values,
            "description": f"{self._contract.comments.get(name, '')}\n\n{meaning}".strip(),
        }

    def _one(self, field: FieldDescriptorProto) -> Schema:
        if field.type in (F.TYPE_MESSAGE, F.TYPE_ENUM):
            return self.reference(field.type_name.removeprefix("."))
        return dict(SCALARS[field.type])

    def _map_entry(self, field: FieldDescriptorProto) -> DescriptorProto | None:
        message = self._contract.messages.get(field.type_name.removeprefix("."))
        return message if message is not None and message.options.map_entry else None


def behaviours(field: FieldDescriptorProto) -> list[int]:
    """What `google.api.field_behavior` says of the field."""
    return list(field.options.Extensions[field_behavior_pb2.field_behavior])
