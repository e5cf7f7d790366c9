import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from lectern.threads.v1 import threads_pb2

from kit.errors import InvalidArgument
from services.threads import requests
from services.threads.model import Order, Role


def test_threads_are_ordered_by_update_unless_asked_otherwise() -> None:
    assert requests.thread_query(threads_pb2.ListThreadsRequest()).order is Order.UPDATED
    by_creation = threads_pb2.ListThreadsRequest(order_by=" create_time  desc", course="courses/waves")
    assert requests.thread_query(by_creation).order is Order.CREATED
    assert requests.thread_query(by_creation).course == "waves"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"order_by": "title"}, "order_by"),
        ({"page_size": -1}, "page_size"),
        ({"course": "waves"}, "course"),
        ({"metadata": ["no-equals"]}, "metadata"),
        ({"metadata": ["=value"]}, "metadata"),
    ],
)
def test_bad_lists_are_refused_by_the_name_of_the_field(fields: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        requests.thread_query(threads_pb2.ListThreadsRequest(**fields))  # type: ignore[arg-type]
    assert refused.value.field == field


def test_messages_are_filtered_by_role() -> None:
    request = threads_pb2.ListMessagesRequest(parent="threads/t1", role=threads_pb2.Message.ASSISTANT)
    assert requests.message_query(request).role is Role.ASSISTANT


def test_a_mask_says_what_changes() -> None:
    thread = threads_pb2.Thread(title="T", metadata={"a": "1"})
    masked = requests.thread_change(thread, FieldMask(paths=["title"]))
    assert (masked.title, masked.metadata) == ("T", None)
    unmasked = requests.thread_change(threads_pb2.Thread(metadata={"a": "1"}), FieldMask())
    assert (unmasked.title, unmasked.metadata) == (None, {"a": "1"})
    single = requests.thread_change(thread, FieldMask(paths=["metadata.a", "metadata.b"]))
    assert (single.metadata, single.labels) == (None, {"a": "1", "b": None})


def test_a_mask_reaches_only_what_may_be_changed() -> None:
    with pytest.raises(InvalidArgument) as refused:
        requests.thread_change(threads_pb2.Thread(), FieldMask(paths=["course"]))
    assert refused.value.field == "update_mask"
