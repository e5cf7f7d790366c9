"""What holds for every RPC and every reason that the protos declare."""

from pathlib import Path

from google.api import annotations_pb2
from google.protobuf import descriptor_pb2
from lectern.auth.v1 import access_pb2
from lectern.errors.v1 import errors_pb2

from kit.errors import Reason

FILES = descriptor_pb2.FileDescriptorSet.FromString(Path("gen/descriptors.binpb").read_bytes())
METHODS = [
    (f"{file.package}.{service.name}/{method.name}", method)
    for file in FILES.file
    if file.package.startswith("lectern.")
    for service in file.service
    for method in service.method
]
# What a transcoder of JSON cannot carry: the HTTP face takes forms of files and gives files in their place.
FILES_OVER_HTTP = {
    "lectern.context.v1.DocumentService/UploadDocument",
    "lectern.context.v1.DocumentService/ReadOriginal",
}


def test_every_rpc_declares_who_may_call_it() -> None:
    undeclared = [name for name, m in METHODS if not m.options.Extensions[access_pb2.access]]
    assert METHODS
    assert undeclared == []


def test_exactly_the_public_rpcs_have_a_path() -> None:
    public = {name for name, m in METHODS if m.options.Extensions[access_pb2.access] != access_pb2.ACCESS_INTERNAL}
    with_path = {name for name, method in METHODS if method.options.HasExtension(annotations_pb2.http)}
    assert with_path | FILES_OVER_HTTP == public
    assert not with_path & FILES_OVER_HTTP


def test_reasons_of_the_domain_are_those_of_the_contract() -> None:
    declared = {value.name.removeprefix("ERROR_REASON_") for value in errors_pb2.ErrorReason.DESCRIPTOR.values}
    assert {reason.value for reason in Reason} == declared - {"UNSPECIFIED"}
