"""What clients ask for in lists and changes, checked and translated."""

from collections.abc import Mapping
from typing import TypeVar

from google.protobuf.field_mask_pb2 import FieldMask
from lectern.threads.v1 import threads_pb2

from kit import names
from kit.errors import InvalidArgument
from kit.pagination import page_size
from services.threads import convert
from services.threads.model import Order, Role
from services.threads.ports import ThreadChange, ThreadQuery
from services.threads.service.conversations import MessageQuery

THREAD_ORDERS = {"": Order.UPDATED, "update_time desc": Order.UPDATED, "create_time desc": Order.CREATED}
MESSAGE_ORDERS = {"": False, "sequence": False, "sequence desc": True}
LABEL = "metadata."
T = TypeVar("T")


def thread_query(request: threads_pb2.ListThreadsRequest) -> ThreadQuery:
    return ThreadQuery(
        limit=page_size(request.page_size),
        order=_one_of(THREAD_ORDERS, request.order_by),
        course=names.course_id(request.course) if request.course else "",
        metadata=tuple(sorted(_label(label) for label in request.metadata)),
    )


def message_query(request: threads_pb2.ListMessagesRequest) -> MessageQuery:
    if request.role not in threads_pb2.Message.Role.values():
        raise InvalidArgument("role must be USER or ASSISTANT", field="role")
    return MessageQuery(
        thread=convert.thread_id(request.parent, "parent"),
        limit=page_size(request.page_size),
        role=Role(threads_pb2.Message.Role.Name(request.role)) if request.role else None,
        descending=_one_of(MESSAGE_ORDERS, request.order_by),
    )


def thread_change(thread: threads_pb2.Thread, mask: FieldMask) -> ThreadChange:
    """What the mask names; without a mask, what is set. `metadata.key` names one entry, taken off where not set."""
    paths = list(mask.paths) or [path for path in ("title", "metadata") if getattr(thread, path)]
    entries = [path.removeprefix(LABEL) for path in paths if path.startswith(LABEL)]
    for path in paths:
        if path not in ("title", "metadata") and not path.startswith(LABEL):
            raise InvalidArgument(f"update_mask must not hold {path[:100]!r}", field="update_mask")
    return ThreadChange(
        title=thread.title if "title" in paths else None,
        metadata=dict(thread.metadata) if "metadata" in paths else None,
        labels={entry: thread.metadata.get(entry) for entry in entries},
    )


def _label(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise InvalidArgument("metadata must have the form key=value", field="metadata")
    return key, value


def _one_of(orders: Mapping[str, T], order_by: str) -> T:
    wanted = " ".join(order_by.split())
    if wanted not in orders:
        known = " or ".join(f"`{order}`" for order in orders if order)
        raise InvalidArgument(f"order_by must be {known}", field="order_by")
    return orders[wanted]
