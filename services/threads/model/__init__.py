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
from services.threads.model.insights import BEGINNING, Asked, CourseKey, DayTally, Mark, Tally
from services.threads.model.past import Past, tokens_in, tokens_of, turns_to_read
from services.threads.model.reports import Findings, Point, Report
from services.threads.model.words import Run, Sought, sought, turn_terms

__all__ = [
    "BEGINNING",
    "TURN_ID_LENGTH",
    "Answer",
    "Asked",
    "Citation",
    "CourseKey",
    "DayTally",
    "Exchange",
    "Findings",
    "Lease",
    "Mark",
    "Message",
    "Order",
    "Past",
    "Point",
    "Question",
    "Report",
    "Role",
    "Run",
    "Sought",
    "State",
    "Tally",
    "Thread",
    "ThreadKey",
    "Turn",
    "messages_of",
    "sought",
    "tokens_in",
    "tokens_of",
    "turn_id",
    "turn_terms",
    "turns_to_read",
]
