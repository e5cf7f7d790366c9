"""Jobs as they are told to clients."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from google.protobuf import json_format
from google.protobuf.timestamp_pb2 import Timestamp
from lectern.jobs.v1 import jobs_pb2

from kit.auth.caller import Caller
from kit.jobs.messages import job_message, timestamp
from kit.jobs.model import Job, State, Step

NOON = datetime(2026, 1, 1, 12, 0, 0, 250_000, tzinfo=UTC)
JOB = Job("j1", Caller("school", "ann"), "work", "light", 50, "k", {}, 3, NOON, NOON)


def test_a_result_keeps_what_json_holds_and_tells_the_rest_in_words() -> None:
    result: dict[str, Any] = {
        "ok": True,
        "none": None,
        "n": 2,
        "half": 0.5,
        "list": [1, [], {"in": "side"}],
        "empty": {},
        "at": NOON,
    }
    told = json_format.MessageToDict(job_message(replace(JOB, result=result)))["result"]
    assert told == {**result, "at": str(NOON).replace(" ", "T")}


@pytest.mark.parametrize("time", [NOON, datetime(1960, 2, 3, 4, 5, 6, 7000, tzinfo=UTC)])
def test_times_are_those_of_the_clock(time: datetime) -> None:
    expected = Timestamp()
    expected.FromDatetime(time)
    assert timestamp(time) == expected


@pytest.mark.parametrize("state", State)
def test_every_state_has_its_name(state: State) -> None:
    told = job_message(replace(JOB, state=state, steps=(Step("one", state),)))
    assert {jobs_pb2.Job.State.Name(each) for each in (told.state, told.steps[0].state)} == {state.name}
