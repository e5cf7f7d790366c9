from datetime import UTC, datetime, timedelta, timezone

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from lectern.chat.v1 import chat_pb2

from services.threads import convert
from services.threads.model import State


@pytest.mark.parametrize("seconds", [0.0, 0.0004, 1.5, 12.345, 86_400.999, -0.25, -1.5])
def test_durations_are_those_of_protobuf_to_the_millisecond(seconds: float) -> None:
    expected = Duration()
    expected.FromMilliseconds(round(seconds * 1000))
    assert convert.duration(seconds) == expected


@pytest.mark.parametrize(
    "time",
    [
        datetime(2026, 11, 29, 12, 0, 0, 123_000, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 500_000, tzinfo=UTC),
        datetime(2026, 11, 29, 12, tzinfo=timezone(timedelta(hours=2))),
    ],
)
def test_times_are_those_of_protobuf(time: datetime) -> None:
    expected = Timestamp()
    expected.FromDatetime(time)
    assert convert.timestamp(time) == expected


@pytest.mark.parametrize("state", list(State))
def test_states_have_the_names_of_the_public_enum(state: State) -> None:
    message = chat_pb2.Turn(name="threads/t/turns/u", course="courses/c", state=convert.STATES[state])
    assert convert.turn_of(message).state is state
    assert chat_pb2.Turn.State.Name(message.state) == state.value
