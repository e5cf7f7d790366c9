"""The access rule of every RPC, read from its descriptor."""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from google.protobuf import descriptor_pool
from lectern.auth.v1 import access_pb2

from kit.auth.caller import Caller, Role
from kit.errors import PermissionDenied, Unauthenticated

Rule: TypeAlias = "access_pb2.Access.ValueType"

# Of gRPC's own services: what a stranger may know of any server.
OPEN_SERVICES = frozenset(
    {"grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"}
)
ROLES = {
    access_pb2.ACCESS_USER: frozenset(Role),
    access_pb2.ACCESS_TEACHER: frozenset({Role.TEACHER, Role.ADMIN}),
    access_pb2.ACCESS_ADMIN: frozenset({Role.ADMIN}),
}


class UndeclaredAccess(Exception):
    """A method declares no access rule; the server must not start."""


def rules_of(services: Iterable[str]) -> dict[str, Rule]:
    """The rule of each method of these services, by its path `/package.Service/Method`."""
    rules: dict[str, Rule] = {}
    for service in services:
        if service in OPEN_SERVICES:
            continue
        for method in descriptor_pool.Default().FindServiceByName(service).methods:
            rule = method.GetOptions().Extensions[access_pb2.access]
            if rule == access_pb2.ACCESS_UNSPECIFIED:
                raise UndeclaredAccess(f"{method.full_name} declares no lectern.auth.v1.access")
            rules[f"/{service}/{method.name}"] = rule
    return rules


def rule_for(rules: Mapping[str, Rule], method: str) -> Rule:
    """The rule of a method; internal where none is known, so that what was forgotten stays closed."""
    rule = rules.get(method)
    if rule is not None:
        return rule
    service = method.removeprefix("/").partition("/")[0]
    return access_pb2.ACCESS_OPEN if service in OPEN_SERVICES else access_pb2.ACCESS_INTERNAL


def check(rule: Rule, caller: Caller | None) -> None:
    """Raises Unauthenticated or PermissionDenied where the rule keeps the caller out."""
    if rule == access_pb2.ACCESS_OPEN:
        return
    if caller is None:
        raise Unauthenticated("a bearer token is required")
    if rule == access_pb2.ACCESS_INTERNAL:
        if not caller.service:
            raise PermissionDenied("this call is for services of Lectern alone")
        return
    if not caller.roles & ROLES[rule]:
        names = " or ".join(sorted(ROLES[rule]))
        raise PermissionDenied(f"this call needs the role {names}")
