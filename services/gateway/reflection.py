"""Reflection over the whole public contract: the edge sends whoever asks to any gateway, which answers for all."""

from collections.abc import Iterator
from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorSet, ServiceDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_health.v1 import health, health_pb2
from grpc_reflection.v1alpha import reflection, reflection_pb2, reflection_pb2_grpc
from lectern.auth.v1 import access_pb2

from kit.server import Mount
from services.gateway.openapi.contract import DESCRIPTORS


def reflection_mount(path: Path = DESCRIPTORS) -> Mount:
    """Lists the public services of all four; a server that has it adds no reflection of its own."""
    files = FileDescriptorSet.FromString(path.read_bytes())
    names = (*sorted(_public(files)), health.SERVICE_NAME, reflection.SERVICE_NAME)
    servicer = reflection.aio.ReflectionServicer(names, pool=_pool(files))
    return Mount(reflection_pb2_grpc.add_ServerReflectionServicer_to_server, servicer)


def _public(files: FileDescriptorSet) -> Iterator[str]:
    for file in files.file:
        yield from (f"{file.package}.{service.name}" for service in file.service if not _internal(service))


def _internal(service: ServiceDescriptorProto) -> bool:
    rules = {method.options.Extensions[access_pb2.access] for method in service.method}
    return access_pb2.ACCESS_INTERNAL in rules


def _pool(files: FileDescriptorSet) -> DescriptorPool:
    """With what internal services are made of left out."""
    pool = DescriptorPool()
    for file in files.file:
        file.ClearField("source_code_info")
        for service in filter(_internal, list(file.service)):
            file.service.remove(service)
        pool.AddSerializedFile(file.SerializeToString())
    for module in (health_pb2, reflection_pb2):
        pool.AddSerializedFile(module.DESCRIPTOR.serialized_pb)
    return pool
