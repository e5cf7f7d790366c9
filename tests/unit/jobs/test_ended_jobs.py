"""How attempts that ended are counted: only what is our fault is called failed."""

import pytest

from kit.errors import DeadlineExceeded, InvalidArgument, LecternError, NotFound, Reason, ResourceExhausted, Unavailable
from kit.jobs.metrics import STATES, state_of
from kit.jobs.model import Cancelled, Failed, Failure, Outcome, Postponed, State, Succeeded


def ended(error: LecternError) -> str:
    return state_of(Failed(Failure(error.reason.value, error.message)), State.FAILED)


@pytest.mark.parametrize(
    "error",
    [
        InvalidArgument("the document has no pages", Reason.DOCUMENT_UNREADABLE),
        NotFound("the thread has been deleted", Reason.THREAD_NOT_FOUND),
        NotFound("the webhook has been deleted"),
        ResourceExhausted("nothing is left", Reason.BUDGET_EXHAUSTED),
    ],
)
def test_who_submitted_it_is_at_fault(error: LecternError) -> None:
    assert ended(error) == "refused"


@pytest.mark.parametrize(
    "error",
    [
        Unavailable("the store is away"),
        DeadlineExceeded("the job ran into its time limit"),
        InvalidArgument("the provider cannot take this request"),
    ],
)
def test_we_are_at_fault(error: LecternError) -> None:
    assert ended(error) == "failed"


def test_what_is_tried_again_is_retried_whoever_is_at_fault() -> None:
    refused = Failed(Failure(Reason.BUDGET_EXHAUSTED.value, "nothing is left"), retry_in=1)
    assert state_of(refused, State.QUEUED) == "retried"


def test_every_end_has_a_series_that_begins_at_nothing() -> None:
    ends: list[tuple[Outcome, State]] = [
        (Succeeded({}), State.SUCCEEDED),
        (Cancelled(), State.CANCELLED),
        (Postponed(), State.QUEUED),
    ]
    assert {state_of(outcome, settled) for outcome, settled in ends} <= set(STATES)
    assert "refused" in STATES
