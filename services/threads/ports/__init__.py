"""What the threads service needs of the world."""

from services.threads.ports.conversations import (
    Edition,
    Hit,
    HotThreads,
    IdleThreads,
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
    "Courses",
    "Edition",
    "Hit",
    "HotThreads",
    "IdleThreads",
    "InsightStore",
    "Memberships",
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
