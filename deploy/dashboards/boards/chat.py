"""Chat: how requests end, how long students wait, and what of that is the model's time."""

from deploy.dashboards.board import Board, Row
from deploy.dashboards.panels import Ask, Bounds, lines, number
from deploy.dashboards.queries import hits, mean, quantile, rate, within

FIRST, WHOLE = "ai_chat_time_to_first_token_seconds", "ai_chat_request_duration_seconds"
MODEL = "gen_ai_client_operation_time_to_first_chunk_seconds"
LATE = Bounds(2, 5)

BOARD = Board(
    name="chat",
    title="Chat",
    says="How chat requests end, how long students wait for the first words, and what of that is the model's time.",
    rows=(
        Row(
            "First words",
            (
                number(
                    "p50",
                    Ask(quantile(0.5, FIRST)),
                    unit="s",
                    says="Half of the answers begin within this time.",
                    bounds=LATE,
                    decimals=2,
                ),
                number(
                    "p95",
                    Ask(quantile(0.95, FIRST)),
                    unit="s",
                    says="Nineteen of twenty answers begin within this time.",
                    bounds=LATE,
                    decimals=2,
                ),
                number(
                    "p99",
                    Ask(quantile(0.99, FIRST)),
                    unit="s",
                    says="Ninety-nine of a hundred answers begin within this time.",
                    bounds=LATE,
                    decimals=2,
                ),
                number(
                    "Within 1 s",
                    Ask(within(1, FIRST)),
                    unit="percentunit",
                    says="The share of answers that begin within a second.",
                    bounds=Bounds(0.9, 0.5, falling=True),
                ),
                number(
                    "Shared answers",
                    Ask(hits("answer")),
                    unit="percentunit",
                    says="Look-ups of whole answers that were found: questions without personal history, asked before.",
                ),
                number(
                    "Under way",
                    Ask("sum(lectern_turns_running)"),
                    unit="short",
                    says="Turns that are being answered at this moment.",
                    decimals=0,
                ),
                lines(
                    "Time to the first words",
                    [Ask(quantile(share, FIRST), f"p{share * 100:g}") for share in (0.5, 0.9, 0.95, 0.99)],
                    unit="s",
                    says="From the question to the first text that a reader sees. Points lead to traces.",
                    bounds=LATE,
                    exemplars=True,
                ),
                lines(
                    "Ours beside the model's",
                    [Ask(quantile(0.95, FIRST), "seen by students, p95"), Ask(quantile(0.95, MODEL), "of models, p95")],
                    unit="s",
                    says="What lies between the two lines is Lectern's own: queues, passages, the thread's past.",
                ),
            ),
        ),
        Row(
            "Requests",
            (
                lines(
                    "By how they ended",
                    [Ask(rate("ai_chat_requests_total", by="status"), "{{status}}")],
                    unit="reqps",
                    says="`failed` is ours. `refused`: bad requests and limits; `left`: the reader went away.",
                    stacked=True,
                ),
                lines(
                    "Time to the end",
                    [
                        *(Ask(quantile(share, WHOLE), f"p{share * 100:g}") for share in (0.5, 0.95, 0.99)),
                        Ask(mean(WHOLE), "mean"),
                    ],
                    unit="s",
                    says="Of requests that ran to their end. It grows with the length of answers.",
                    bounds=Bounds(20, 60),
                    exemplars=True,
                ),
                lines(
                    "Answers under way, by gateway",
                    [Ask("sum by (instance) (lectern_turns_running)", "{{instance}}")],
                    unit="short",
                    says="Envoy keeps users at their gateway and spreads load: none should stand far above the others.",
                    stacked=True,
                ),
                lines(
                    "Requests by gateway",
                    [Ask(rate("ai_chat_requests_total", by="instance"), "{{instance}}")],
                    unit="reqps",
                    says="Above 150 requests a second a gateway needs company.",
                    bounds=Bounds(120, 150),
                ),
            ),
        ),
    ),
)
