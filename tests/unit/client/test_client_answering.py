"""Calls with one answer: what is sent again, and what is not."""

import pytest

from lectern_client import ConnectionFailed, ErrorReason, InvalidArgument, RateLimited, ServerError, Thread, Unavailable
from lectern_client.protocol.answering import answering, paging
from lectern_client.protocol.calls import Call, Listing, reading
from lectern_client.protocol.plans import Broken
from lectern_client.protocol.requests import Request, get, post
from tests.unit.client.scripted import NOT_REACHED, Answer, Script, refused, said

READ = get("/v1/threads/t")
WRITE = post("/v1/threads/t/reports")
BUSY = refused(503, 14, "DEPENDENCY_UNAVAILABLE", retry_after="2")


def called(script: Script, request: Request = READ) -> Thread:
    (thread,) = script.run(answering(Call(request, reading(Thread)), script.policy))
    assert isinstance(thread, Thread)
    return thread


@pytest.mark.parametrize("request_", [READ, WRITE], ids=["read", "write"])
@pytest.mark.parametrize("trouble", [NOT_REACHED, BUSY, refused(429, 8, "RATE_LIMITED", retry_after="1")])
def test_what_was_surely_not_served_is_sent_again(trouble: Answer | Broken, request_: Request) -> None:
    script = Script(trouble, said({"name": "threads/t"}))
    assert called(script, request_).name == "threads/t"


@pytest.mark.parametrize("trouble", [Broken("cut", sent=True), refused(503, 14, "DEPENDENCY_UNAVAILABLE")])
def test_what_may_have_been_served_is_sent_again_only_where_that_does_no_harm(trouble: Answer | Broken) -> None:
    script = Script(trouble, said({}))
    with pytest.raises((ConnectionFailed, Unavailable)):
        called(script, WRITE)
    assert called(Script(trouble, said({})), READ) == Thread()


def test_attempts_are_counted() -> None:
    script = Script(*[BUSY] * 9)
    with pytest.raises(Unavailable):
        called(script)
    assert len(script.requests) == script.policy.attempts


@pytest.mark.parametrize(
    "answer",
    [
        refused(429, 8, "RATE_LIMITED", retry_after="3600"),
        refused(429, 8, "BUDGET_EXHAUSTED", retry_after="1"),
    ],
)
def test_what_takes_too_long_to_pass_is_raised_at_once(answer: Answer) -> None:
    script = Script(answer)
    with pytest.raises(RateLimited):
        called(script)


def test_an_error_says_which_field_is_at_fault() -> None:
    details = [{"reason": "INVALID_ARGUMENT"}, {"fieldViolations": [{"field": "page_size"}]}]
    script = Script(said({"code": 3, "message": "page_size must not be negative", "details": details}, 400))
    with pytest.raises(InvalidArgument, match="page_size must not be negative") as error:
        called(script)
    assert (error.value.field, error.value.reason) == ("page_size", ErrorReason.INVALID_ARGUMENT)


def test_what_a_proxy_says_instead_is_an_error_too() -> None:
    with pytest.raises(ServerError, match="HTTP 500: <html>"):
        called(Script(Answer(500, chunks=[b"<html>"])))
    with pytest.raises(ServerError, match="no JSON"):
        called(Script(Answer(200, chunks=[b"<html>"])))


def test_a_list_asks_for_page_after_page() -> None:
    script = Script(
        said({"threads": [{"name": "threads/a"}, {"name": "threads/b"}], "nextPageToken": "p2"}),
        NOT_REACHED,
        said({"threads": [{"name": "threads/c"}]}),
    )
    listing = Listing(get("/v1/threads", pageSize=2), "threads", reading(Thread))
    assert [thread.name for thread in script.run(paging(listing, script.policy))] == [
        "threads/a",
        "threads/b",
        "threads/c",
    ]
    assert [request.query for request in script.requests] == [
        {"pageSize": 2},
        *[{"pageSize": 2, "pageToken": "p2"}] * 2,
    ]
