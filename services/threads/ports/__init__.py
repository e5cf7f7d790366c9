"""What the threads service needs of the world."""

from services.threads.ports.conversations import (
    Hit,
    HotThreads,
    Owners,
    PageCache,
    Place,
    Survey,
    ThreadChange,
    ThreadObserver,
    ThreadQuery,
    ThreadStore,
    TurnSearch,
    TurnStore,
    TurnTail,
)
from services.threads.ports.language import Assignment, Purpose, Writer, Written
from services.threads.ports.reports import ReportQuery, ReportStore

__all__ = [
    "Assignment",
    "Hit",
    "HotThreads",
    "Owners",
    "PageCache",
    "Place",
    "Purpose",
    "ReportQuery",
    "ReportStore",
    "Survey",
    "ThreadChange",
    "ThreadObserver",
    "ThreadQuery",
    "ThreadStore",
    "TurnSearch",
    "TurnStore",
    "TurnTail",
    "Writer",
    "Written",
]
