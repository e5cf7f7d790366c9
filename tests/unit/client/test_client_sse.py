from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from lectern_client.protocol.sse import SseDecoder

LINES = st.text(alphabet=st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=20)
ENDS = st.sampled_from(["\n", "\r\n", "\r"])


def pieces(raw: bytes, cuts: list[int]) -> list[bytes]:
    at = [0, *sorted(cut % (len(raw) + 1) for cut in cuts), len(raw)]
    return [raw[begin:end] for begin, end in pairwise(at)]


@given(st.lists(LINES, max_size=5), ENDS, st.lists(st.integers(min_value=0), max_size=12))
def test_events_are_the_same_however_the_bytes_are_cut(texts: list[str], end: str, cuts: list[int]) -> None:
    raw = "".join(f"data: {text}{end}{end}" for text in texts).encode()
    decoder = SseDecoder()
    assert [event for piece in pieces(raw, cuts) for event in decoder.feed(piece)] == texts


@given(
    st.lists(st.sampled_from(["data: x", "data", ":", "event: a", "id: 3", ""]), max_size=12),
    ENDS,
    st.binary(max_size=8),
)
def test_any_lines_are_read_alike_whole_and_byte_by_byte(lines: list[str], end: str, rest: bytes) -> None:
    raw = "".join(line + end for line in lines).encode() + rest
    whole, bytewise = SseDecoder(), SseDecoder()
    assert whole.feed(raw) == [event for byte in raw for event in bytewise.feed(bytes([byte]))]


def test_lines_of_one_event_are_joined_and_comments_left_out() -> None:
    assert SseDecoder().feed(b": quiet\nid: 7\ndata: a\ndata:b\n\n") == ["a\nb"]


def test_what_no_empty_line_ended_was_not_said() -> None:
    decoder = SseDecoder()
    assert decoder.feed(b"data: a\n\ndata: half") == ["a"]
    assert decoder.feed(b"") == []
