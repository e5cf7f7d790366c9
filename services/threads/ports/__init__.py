"""What the threads service needs of the world."""

from services.threads.ports.conversations import (
    UNSEEN,
    Edition,
    Hit,
    HotThreads,
    IdleThreads,
    Joined,
    NewTurn,
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
from services.threads.ports.courses import Courses
from services.threads.ports.insights import InsightStore
from services.threads.ports.reports import ReportQuery, ReportStore
from services.threads.ports.users import Memberships, Spending, Spent

__all__ = [
    "UNSEEN",
    "Courses",
    "Edition",
    "Hit",
    "HotThreads",
    "IdleThreads",
    "InsightStore",
    "Joined",
    "Memberships",
    "NewTurn",
    "Owners",
    "PageCache",
    "Place",
    "ReportQuery",
    "ReportStore",
    "Spending",
    "Spent",
    "Survey",
    "ThreadChange",
    "ThreadObserver",
    "ThreadQuery",
    "ThreadStore",
    "TurnSearch",
    "TurnStore",
    "TurnTail",
]
