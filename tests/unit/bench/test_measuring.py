"""What the measurements conclude from what they saw."""

import math
from collections import Counter
from dataclasses import asdict

import orjson
import pytest

from bench.growth import relative
from bench.load import plot
from bench.load.orders import Caller, Order
from bench.load.samples import ROOT, STANDARD, attributed, package
from bench.load.stores import Counts, Watched
from bench.peers.rows.streams import STEPS, Search
from bench.peers.site import Measure, interleaved
from bench.peers.table import Goal, Row, Table
from bench.soak import grown

SITE = "/somewhere/lib/python3.11/site-packages"


@pytest.mark.parametrize("bears", [0, 5, 25, 80, 333, 10_000])
@pytest.mark.parametrize("stride", [2, 3, 4])
def test_the_search_ends_at_the_largest_number_that_holds(bears: int, stride: int) -> None:
    search, tried = Search(stride), []
    while not search.done:
        tried.append(search.number)
        search.note(search.number <= bears)
    assert search.held == max((step for step in STEPS if step <= bears), default=0)
    assert len(tried) == len(set(tried)), "no number is tried twice"


async def test_rounds_are_interleaved() -> None:
    order: list[str] = []

    def measure(name: str) -> Measure:
        async def run() -> float:
            order.append(name)
            return float(len(order))

        return run

    found = await interleaved(3, {"A": measure("A"), "B": measure("B")})
    assert order == ["A", "B", "A", "B", "A", "B"]
    assert found == {"A": [1, 3, 5], "B": [2, 4, 6]}


def test_a_row_compares_medians_and_says_what_was_reached() -> None:
    row = Row("turns", "/s", {"ours": [90.0, 30.0, 100.0], "LiteLLM": [30.0]}, [Goal(3, 10, "LiteLLM")])
    table = Table()
    table.add(row)
    assert row.ratio("LiteLLM") == 3
    assert "3.00x" in table.markdown()
    assert [Goal(3, 10, "x").met(value) for value in (2, 3, 10)] == ["missed", "must", "aim"]
    assert [Goal(15, 3, more=False).met(value) for value in (20, 15, 3)] == ["missed", "must", "aim"]
    assert Goal(250, 50, more=False).met(math.inf) == "missed"


def test_samples_are_charged_to_the_innermost_package_that_is_not_of_the_standard_library() -> None:
    ours = f"run ({ROOT}/services/inference/service/chat.py:3)"
    installed = f"post ({SITE}/openai/_client.py:9)"
    dumps = "dumps (/somewhere/lib/python3.11/json/__init__.py:231)"
    waiting = "_bootstrap (/somewhere/lib/python3.11/threading.py:1002)"
    found = attributed([f"{ours};{installed};{dumps} 3", f"{ours} 1", f"{waiting} 50"])
    assert found.taken == 4, "a thread that waits is no sample"
    assert found.own == {"openai": 0.75, "services/inference/service": 0.25}
    assert found.within["services/inference/service"] == 1.0
    assert found.within[STANDARD] == 0.75


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (f"{SITE}/grpc/aio/_call.py", "grpc.aio"),
        (f"{SITE}/opentelemetry/sdk/trace/__init__.py", "opentelemetry.sdk"),
        (f"{ROOT}/kit/server.py", "kit"),
        (f"{ROOT}/kit/jobs/model.py", "kit/jobs"),
        (f"{ROOT}/services/gateway/app.py", "services/gateway"),
        ("uvloop/loop.pyx", "uvloop"),
    ],
)
def test_a_frame_belongs_to_a_package(place: str, expected: str) -> None:
    assert package(f"run ({place}:7)") == expected


def test_what_scripts_call_is_told_apart_from_what_clients_ask() -> None:
    counts = Counts(
        {"mongodb": {"find": 4.0, "hello": 9.0}, "redis-cache": {"evalsha": 10.0, "get": 30.0, "ping": 5.0}}
    )
    watched = Watched({"redis-cache": _counter(evalsha=5, get=5)}, {"redis-cache": _counter(get=10)})
    told = counts.less(Counts({"mongodb": {"find": 1.0}, "redis-cache": {}}), 2).told_apart(watched).each_of(2)
    assert told.inside["redis-cache"]["get"] == pytest.approx(10)
    assert told.total("redis-cache") == pytest.approx(5 + 5), "the script, and a third of the reads"
    assert told.total("mongodb") == 1


def test_growth_of_memory_is_counted_once_everything_is_warm() -> None:
    sizes = [{"all": size} for size in (50.0, 90.0, 100.0, 100.0, 100.0, 100.0, 101.0, 102.0, 102.0, 102.0)]
    assert grown(sizes)["all"] == pytest.approx(0.02)


def test_costs_are_drawn_beside_once_the_amount() -> None:
    lines = relative({"jobs": [2.0, 4.0, 8.0], "none": [0.0, 1.0, 2.0]})
    assert lines == {"jobs": [1.0, 2.0, 4.0], "none": [0.0, 0.0, 0.0]}
    drawn = plot.svg("<costs>", (1, 2, 4), lines, ["none"])
    assert drawn.count("<polyline") == 3
    assert "&lt;costs&gt;" in drawn


def _counter(**counts: int) -> Counter[str]:
    return Counter(counts)


def test_orders_travel_as_json() -> None:
    order = Order("closed", "http://127.0.0.1:1", [Caller("/v1/chat", {"a": "b"}, "{}")])
    told = orjson.loads(orjson.dumps(asdict(order)))
    assert Order(**{**told, "callers": [Caller(**each) for each in told["callers"]]}) == order
