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

__all__ = [
    "Assignment",
    "Hit",
    "HotThreads",
    "Owners",
    "PageCache",
    "Place",
    "Purpose",
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
