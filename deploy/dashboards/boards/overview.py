"""The first look of whoever is on call: are students answered, and which part stands in the way."""

from deploy.dashboards.board import Board, Row
from deploy.dashboards.panels import Ask, Bounds, bars, lines, number, states
from deploy.dashboards.queries import OBJECTIVE, PODS, burn, failing, quantile, rate, within

# A month's budget is gone within two days at 14.4, and within five at 6: pages and tickets begin there.
BURNING = Bounds(6, 14.4)
BREAKERS = {0: ("closed", "green"), 1: ("half open", "yellow"), 2: ("open", "red")}

BOARD = Board(
    name="overview",
    title="Overview",
    says="Are students answered, and which part stands in the way if not. 99.9 % of chat requests end without a fault.",
    rows=(
        Row(
            "Are students answered?",
            (
                number(
                    "Answered",
                    Ask(f"1 - ({failing('$__range')})"),
                    unit="percentunit",
                    says="Share of chat requests of this time that did not fail by our fault. The objective is 99.9 %.",
                    bounds=Bounds(OBJECTIVE, 0.99, falling=True),
                    decimals=3,
                ),
                number(
                    "Error budget left",
                    Ask(f"1 - ({burn('30d')})"),
                    unit="percentunit",
                    says="What is left of the failures that 30 days may have. Below zero the objective is missed.",
                    bounds=Bounds(0.25, 0, falling=True),
                ),
                number(
                    "Burn rate, 1 h",
                    Ask(burn("1h")),
                    unit="none",
                    says="How many times faster than allowed the budget is spent. At 14.4 people are woken.",
                    bounds=BURNING,
                ),
                number(
                    "Requests",
                    Ask(rate("ai_chat_requests_total")),
                    unit="reqps",
                    says="Chat requests a second, through all doors.",
                    decimals=2,
                ),
                number(
                    "First words, p99",
                    Ask(quantile(0.99, "ai_chat_time_to_first_token_seconds")),
                    unit="s",
                    says="Ninety-nine of a hundred answers begin within this time.",
                    bounds=Bounds(2, 5),
                ),
                number(
                    "Answers under way",
                    Ask("sum(lectern_turns_running)"),
                    unit="short",
                    says="Turns that are being answered at this moment.",
                    decimals=0,
                ),
                lines(
                    "Burn rate of the error budget",
                    [Ask(burn(window), window) for window in ("5m", "30m", "1h", "6h", "3d")],
                    unit="none",
                    says="People are woken above 14.4 over 1 h and 5 m, and above 6 over 6 h and 30 m.",
                    bounds=BURNING,
                ),
                lines(
                    "Chat requests by how they ended",
                    [Ask(rate("ai_chat_requests_total", by="status"), "{{status}}")],
                    unit="reqps",
                    says="Only `failed` spends the error budget. `degraded` answers are the passages without a model.",
                    stacked=True,
                ),
                lines(
                    "First words",
                    [
                        Ask(quantile(share, "ai_chat_time_to_first_token_seconds"), f"p{share * 100:g}")
                        for share in (0.5, 0.95, 0.99)
                    ],
                    unit="s",
                    says="Time from the question to the first text. Points are answers whose trace is kept: open one.",
                    bounds=Bounds(2, 5),
                    exemplars=True,
                ),
                lines(
                    "First words within 2 s",
                    [Ask(within(2, "ai_chat_time_to_first_token_seconds"), "within 2 s")],
                    unit="percentunit",
                    says="The share of answers that begin within two seconds.",
                    bounds=Bounds(0.95, 0.9, falling=True),
                    most=1,
                ),
            ),
        ),
        Row(
            "Which part stands in the way?",
            (
                states(
                    "Breakers",
                    Ask("max by (provider) (lectern_breaker_state)", "{{provider}}"),
                    says="A breaker that is open spares calls to what fails. `mongodb` is the database's.",
                    names=BREAKERS,
                ),
                states(
                    "Redis and MongoDB, as the services see them",
                    Ask("min by (dependency) (lectern_dependency_up)", "{{dependency}}"),
                    says="Away where at least one process cannot reach it.",
                    names={0: ("away", "red"), 1: ("there", "green")},
                ),
                states(
                    "Instances",
                    Ask(f"min by (service) (up{{{PODS}}})", "{{service}}"),
                    says="Whether all instances of a service answer Prometheus.",
                    names={0: ("missing", "red"), 1: ("all there", "green")},
                ),
                bars(
                    "Jobs that wait",
                    Ask("sort_desc(max by (queue) (lectern_queue_depth))", "{{queue}}"),
                    unit="short",
                    says="Jobs in the waiting rooms. Thousands that do not shrink: see the dashboard of jobs.",
                    bounds=Bounds(500, 1000),
                ),
            ),
        ),
    ),
)
