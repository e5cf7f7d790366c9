"""Streams tell their parts at beats that they share, and nobody waits for long."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.inference.adapters.gathering import next_beat

MOMENTS = st.floats(0, 1e6)
PAUSES = st.floats(0.01, 0.1)


@given(MOMENTS, PAUSES)
def test_the_next_part_comes_half_a_pause_later_at_the_earliest_and_one_and_a_half_at_the_latest(
    now: float, pause: float
) -> None:
    assert pause / 2 - 1e-6 <= next_beat(now, pause) - now <= 1.5 * pause + 1e-6


@given(MOMENTS, PAUSES)
def test_streams_that_told_something_between_two_beats_go_on_together(now: float, pause: float) -> None:
    beat = next_beat(now, pause)
    assert next_beat(beat - pause * 0.6, pause) == pytest.approx(beat)
    assert next_beat(beat, pause) == pytest.approx(beat + pause), "from beat to beat it is one pause"


def test_without_a_pause_nobody_waits() -> None:
    assert next_beat(5.0, 0.0) == 5.0
