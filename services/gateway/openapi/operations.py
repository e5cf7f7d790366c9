"""RPCs with an HTTP face as operations of OpenAPI."""

from collections.abc import Iterator
from typing import Any

from google.api import annotations_pb2, field_behavior_pb2
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, MethodDescriptorProto
from lectern.auth.v1 import access_pb2

from services.gateway.openapi.contract import Contract
from services.gateway.openapi.errors import responses
from services.gateway.openapi.paths import Path, parameter, path_of
from services.gateway.openapi.schemas import Schema, Schemas, behaviours

ROLES = {
    access_pb2.ACCESS_TEACHER: "For teachers and admins.",
    access_pb2.ACCESS_ADMIN: "For admins.",
}


class Operations:
    """The operations of all public services, and the schemas that they need."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self.schemas = Schemas(contract)

    def paths(self) -> dict[str, dict[str, Any]]:
        """By template and HTTP method."""
        paths: dict[str, dict[str, Any]] = {}
        for service, method, path in self._public():
            paths.setdefault(path.template, {})[path.method] = self._operation(service, method, path)
        return paths

    def tags(self) -> list[dict[str, str]]:
        """The services, with their comments."""
        names = dict.fromkeys(service for service, _, _ in self._public())
        return [{"name": _tag(name), "description": self._contract.comments.get(name, "")} for name in names]

    def _public(self) -> Iterator[tuple[str, MethodDescriptorProto, Path]]:
        for name, service in sorted(self._contract.services.items()):
            for method in service.method:
                rule = method.options.Extensions[annotations_pb2.http]
                for binding in (rule, *rule.additional_bindings):
                    if binding.WhichOneof("pattern"):
                        yield name, method, path_of(binding)

    def _operation(self, service: str, method: MethodDescriptorProto, path: Path) -> dict[str, Any]:
        access = method.options.Extensions[access_pb2.access]
        said = self._contract.comments.get(f"{service}.{method.name}", "")
        operation: dict[str, Any] = {
            "tags": [_tag(service)],
            "operationId": f"{service.split('.')[-1]}_{method.name}",
            "summary": said.partition(". ")[0].rstrip("."),
            "description": " ".join(filter(None, (said, ROLES.get(access)))),
            "parameters": self._parameters(method, path),
            "responses": {"200": self._answer(method), **responses(open_to_all=access == access_pb2.ACCESS_OPEN)},
        }
        if path.body:
            operation["requestBody"] = {"required": True, "content": {"application/json": self._body(method, path)}}
        if access == access_pb2.ACCESS_OPEN:
            operation["security"] = []
        return operation

    def _parameters(self, method: MethodDescriptorProto, path: Path) -> list[Any]:
        found: list[Any] = [parameter(name) for name in path.parameters]
        if path.body == "*":
            return found
        owner = method.input_type.removeprefix(".")
        for field in self._fields(method):
            if field.name != path.body and not any(f.split(".")[0] == field.name for f in path.fields):
                schema = self.schemas.field(owner, field)
                told = {"description": schema.pop("description")} if "description" in schema else {}
                required = field_behavior_pb2.REQUIRED in behaviours(field)
                found.append({"name": field.json_name, "in": "query", "required": required, "schema": schema, **told})
        return found

    def _body(self, method: MethodDescriptorProto, path: Path) -> dict[str, Schema]:
        owner = method.input_type.removeprefix(".")
        if path.body != "*":
            (field,) = (field for field in self._fields(method) if field.name == path.body)
            return {"schema": self.schemas.field(owner, field)}
        fields = [field for field in self._fields(method) if field.name not in path.fields]
        schema: Schema = {
            "type": "object",
            "properties": {field.json_name: self.schemas.field(owner, field) for field in fields},
        }
        if required := [f.json_name for f in fields if field_behavior_pb2.REQUIRED in behaviours(f)]:
            schema["required"] = required
        return {"schema": schema}

    def _answer(self, method: MethodDescriptorProto) -> dict[str, Any]:
        schema = self.schemas.reference(method.output_type.removeprefix("."))
        if not method.server_streaming:
            return {"description": "The answer.", "content": {"application/json": {"schema": schema}}}
        events = {"type": "string", "contentMediaType": "application/json", "contentSchema": schema}
        told = "Server-sent events; each `data:` line is one message as JSON."
        return {"description": told, "content": {"text/event-stream": {"schema": events}}}

    def _fields(self, method: MethodDescriptorProto) -> list[FieldDescriptorProto]:
        return list(self._contract.messages[method.input_type.removeprefix(".")].field)


def _tag(service: str) -> str:
    return service.split(".")[-1].removesuffix("Service")
