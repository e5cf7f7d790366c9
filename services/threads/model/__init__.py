"""The values of the threads service."""

from services.threads.model.conversations import (
    TURN_ID_LENGTH,
    Answer,
    Citation,
    Exchange,
    Lease,
    Message,
    Order,
    Question,
    Role,
    State,
    Thread,
    ThreadKey,
    Turn,
    messages_of,
    turn_id,
)
from services.threads.model.reports import Findings, Point, Report

__all__ = [
    "TURN_ID_LENGTH",
    "Answer",
    "Citation",
    "Exchange",
    "Findings",
    "Lease",
    "Message",
    "Order",
    "Point",
    "Question",
    "Report",
    "Role",
    "State",
    "Thread",
    "ThreadKey",
    "Turn",
    "messages_of",
    "turn_id",
]
