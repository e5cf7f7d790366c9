"""Whatever a provider sends is an answer, a failure of that provider, or ignored, however it is cut on its way."""

import itertools
import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.inference.adapters.openai_errors import codes_of, in_stream, retry_after
from services.inference.adapters.sse import LONGEST_LINE, ChunkDecoder
from services.inference.model.failures import ProviderFailure, Remedy
from services.inference.model.generation import Usage

STOP = b'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n'
DONE = b"data: [DONE]\n\n"
Outcome = tuple[str, str, Usage | None, int, str]


def event(payload: Any) -> bytes:
    return b"data: " + json.dumps(payload, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n\n"


def said(content: Any, reason: Any = None, **more: Any) -> bytes:
    return event({"choices": [{"index": 0, "delta": {"content": content}, "finish_reason": reason}], **more})


def outcome(parts: list[bytes]) -> Outcome:
    """The text, the reason for its end, the usage, what was thought, and how it failed."""
    decoder, text, reason, usage, thought, failed = ChunkDecoder(), "", "", None, 0, ""
    try:
        for feed in (*(lambda part=part: decoder.feed(part) for part in parts), decoder.end):
            if piece := feed():
                text, thought = text + piece.text, thought + piece.thought
                reason, usage = piece.finish_reason or reason, piece.usage or usage
        decoder.check()
    except ProviderFailure as failure:
        failed = failure.outcome
    text.encode()
    return text, reason, usage, thought, failed


def cut_at(data: bytes, places: list[int]) -> list[bytes]:
    ends = sorted({min(place, len(data)) for place in places} | {0, len(data)})
    return [data[start:end] for start, end in itertools.pairwise(ends)]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.just(10**400)
    | st.just("\ud83c"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["choices", "delta", "content", "text", "type", "error", "usage", "index", "finish_reason"])
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
CHOICE = st.fixed_dictionaries(
    {},
    optional={
        "index": JSON,
        "delta": st.fixed_dictionaries({}, optional={"content": JSON, "reasoning_content": JSON}) | JSON,
        "finish_reason": st.sampled_from(["stop", "length", "MAX_TOKENS", "error", ""]) | JSON,
    },
)
CHUNK = st.fixed_dictionaries(
    {}, optional={"choices": st.lists(CHOICE | JSON, max_size=2) | JSON, "error": JSON, "usage": JSON}
)
EVENT = (CHUNK | JSON).map(lambda payload: b"data: " + json.dumps(payload, ensure_ascii=True).encode())
LINE = st.one_of(
    EVENT,
    st.text("wörd 🌍", max_size=6).map(lambda text: said(text).strip()),
    st.binary(max_size=12),
    st.binary(max_size=12).map(lambda junk: b"data:" + junk),
    st.sampled_from(
        [DONE.strip(), STOP.strip(), b"\xef\xbb\xbf", b": ping", b"event: message", b"id: 5", b"data:", b""]
    ),
)
ENDS = st.sampled_from([b"\n\n", b"\n", b"\r\n", b"\r\n\r\n", b"\r", b""])
STREAMS = st.lists(st.tuples(LINE, ENDS).map(b"".join), max_size=6).map(b"".join)


@settings(max_examples=300, deadline=None)
@given(STREAMS | st.binary(max_size=60), st.lists(st.integers(0, 400), max_size=12))
@example(said("你好🌍") + STOP + DONE, list(range(200)))
@example(b'data: {"choices":[]\n\ndata: "x":1}\n\n' + STOP, [20])
@example(b'data: {"choices":[],\n"x":1}\n\n' + STOP, [20])
@example(b": data: [DONE]\n\n" + said("hi") + STOP, [16])
def test_no_bytes_are_a_defect_and_no_cut_changes_what_they_say(data: bytes, places: list[int]) -> None:
    whole = outcome([data])
    assert outcome(cut_at(data, places)) == whole
    assert outcome([data[at : at + 1] for at in range(len(data))]) == whole
    assert whole[4] or whole[1], "it has an end, or failed"


@pytest.mark.parametrize(
    "data",
    [
        said("hi", error=None) + said("", "stop", error=None),
        b": PROCESSING\n\n" + said("hi") + STOP,
        b"event: message\nid: 7\n" + said("hi") + b"retry: 5\n" + STOP,
        (said("hi") + STOP).replace(b"\n", b"\r\n"),
        (said("hi") + STOP).replace(b"\n", b"\r"),
        (said("hi") + STOP).replace(b"data: ", b"data:"),
        said("hi") + STOP.rstrip(b"\n"),
        b"\xef\xbb\xbf" + said("hi") + STOP,
        said("hi") + STOP + DONE + event({"choices": []}) + said("no more") + event({"error": "late"}),
        said("hi") + STOP + b"data: oops\n\n" + event({"error": {"code": 500}}),
        said([{"type": "thinking", "thinking": []}, {"type": "text", "text": "h"}, {"type": "text", "text": "i"}])
        + STOP,
        said({"type": "text", "text": "hi"}) + STOP,
        said("hi", usage="many") + STOP,
        event({"choices": [{"index": 1, "delta": {"content": "another"}}]}) + said("hi") + STOP,
        event({"choices": None}) + event({"choices": [{"delta": None}]}) + said(None) + said("hi") + STOP,
        said("h", id=float("nan")).replace(b"NaN", b"1e999") + said("hi") + STOP,
    ],
)
def test_what_is_an_answer_is_read_as_one(data: bytes) -> None:
    text, reason, _, _, failed = outcome([data])
    if failed:
        assert b"1e999" in data
    else:
        assert (text, reason) == ("hi", "stop")


@pytest.mark.parametrize(
    ("nonsense", "outcome_"),
    [
        (b"data: ping\n\n", "garbled"),
        (b"data: 7\n\n", "garbled"),
        (b"data: null\n\n", "garbled"),
        (b'data: "word"\n\n', "garbled"),
        (event({"choices": "none"}), "garbled"),
        (event({"choices": [None]}), "garbled"),
        (event({"choices": [{"delta": "word"}]}), "garbled"),
        (said(5), "garbled"),
        (said([["hi"]]), "garbled"),
        (said("", 5), "garbled"),
        (b'data: {"choices":[{"delta":{"content":"\xff"}}]}\n\n', "garbled"),
        (b"data: " + b"x" * (LONGEST_LINE + 1), "garbled"),
        (said("", "error"), "server_error"),
        (event({"error": "boom"}), "server_error"),
        (event({"error": {"code": 429, "message": "slow down"}}), "rate_limited"),
        (event({"error": {"code": "insufficient_quota"}}), "quota"),
        (b"", "cut"),
        (b"<html>busy</html>\n", "cut"),
    ],
)
def test_what_is_none_is_a_failure_of_its_provider_after_what_it_said(nonsense: bytes, outcome_: str) -> None:
    text, _, _, _, failed = outcome([said("before ") + nonsense + (said("after") if outcome_ != "cut" else b"")])
    assert (text, failed) == ("before ", outcome_)


def test_letters_that_come_in_halves_are_joined_and_half_ones_replaced() -> None:
    first, second = (
        b'data: {"choices":[{"delta":{"content":"%b"}}]}\n\n' % half for half in (b"a\\ud83c", b"\\udf0db")
    )
    assert outcome([first + second + STOP])[:2] == ("a🌍b", "stop")
    assert outcome([first + STOP])[:2] == ("a�", "stop")


@pytest.mark.parametrize(
    ("reason", "read"), [("length", "length"), ("MAX_TOKENS", "length"), ("SAFETY", "content_filter")]
)
def test_reasons_are_told_by_one_name_each(reason: str, read: str) -> None:
    assert outcome([said("hi", reason)])[1] == read


@pytest.mark.parametrize(
    ("body", "usage"),
    [
        ({"prompt_tokens": 3, "completion_tokens": 4}, Usage(3, 4)),
        ({"prompt_tokens": 3.0, "completion_tokens": None}, Usage(3, 0)),
        ({"prompt_tokens": "many", "completion_tokens": -1}, None),
        ({"prompt_tokens": 2**70, "completion_tokens": True}, None),
        ([1, 2], None),
    ],
)
def test_usage_is_what_is_said_in_numbers(body: Any, usage: Usage | None) -> None:
    assert outcome([said("hi", "stop") + event({"choices": [], "usage": body})])[2] == usage


def test_reasoning_is_a_sign_of_life_and_no_text() -> None:
    thinking = event({"choices": [{"delta": {"content": "", "reasoning_content": "hmm"}}]})
    assert outcome([thinking + thinking + said("", "length")])[:4] == ("", "length", None, 6)


@given(JSON)
def test_no_body_of_an_error_is_a_defect(body: Any) -> None:
    assert isinstance(codes_of(body), frozenset)
    assert isinstance(in_stream(body).remedy, Remedy)


def test_errors_are_read_in_lists_and_waits_within_the_hour() -> None:
    assert "429" in codes_of([{"error": {"code": 429}}])
    waits = [retry_after({"retry-after": text}) for text in ("nan", "inf", "-3", "1e9", "soon", "2")]
    assert waits == [None, None, 0.0, 3600.0, None, 2.0]
