"""What a client without protos learns at the public port: every public service of all four, and their messages."""

import asyncio

import grpc
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from deploy.envoy.contract import public_contract
from deploy.envoy.render import DESCRIPTORS
from tests.edge.conftest import Edge

PUBLIC = {each.name for each in public_contract(FileDescriptorSet.FromString(DESCRIPTORS.read_bytes())).services}
GRPC = {"grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"}


async def test_reflection_lists_the_public_services_of_all_four(running_edge: Edge) -> None:
    def listed() -> tuple[set[str], list[str], str]:
        with grpc.insecure_channel(running_edge.target) as channel:
            database = ProtoReflectionDescriptorDatabase(channel)
            names = set(database.get_services())
            pool = DescriptorPool(database)
            methods = [
                f"{name}/{method.name}"
                for name in sorted(names & PUBLIC)
                for method in pool.FindServiceByName(name).methods
            ]
            return names, methods, pool.FindMessageTypeByName("lectern.jobs.v1.Queue").full_name

    names, methods, message = await asyncio.to_thread(listed)
    assert names == PUBLIC | GRPC
    assert {name.split(".")[1] for name in names & PUBLIC} >= {"chat", "jobs", "threads", "context", "inference"}
    assert "lectern.context.v1.CourseService/ImportVideo" in methods
    assert message == "lectern.jobs.v1.Queue"
