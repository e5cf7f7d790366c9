"""Model providers: which answer, how fast, and what they cost."""

from deploy.dashboards.board import Board, Row
from deploy.dashboards.boards.overview import BREAKERS
from deploy.dashboards.panels import Ask, Bounds, bars, lines, number, states
from deploy.dashboards.queries import quantile, rate, share

REQUESTS = "lectern_provider_requests_total"
TOKENS = "gen_ai_client_token_usage_sum"
SPEND = "lectern_spend_micros_total"
MODEL, TYPE = "gen_ai_request_model", "gen_ai_token_type"
# Those that are left out say nothing against a provider: one went well, the other was ended by us.
WENT_WRONG = 'outcome!~"ok|cancelled"'

BOARD = Board(
    name="providers",
    title="Providers and spend",
    says="Which model providers answer and how fast, what they are asked, and what it costs.",
    rows=(
        Row(
            "Health",
            (
                states(
                    "Breakers",
                    Ask('max by (provider) (lectern_breaker_state{provider!="mongodb"})', "{{provider}}"),
                    says="Open: not called, others answer instead. It tries again by itself; an operator may force it.",
                    names=BREAKERS,
                ),
                lines(
                    "Share of calls that failed",
                    [Ask(share(rate(REQUESTS, WENT_WRONG, "provider"), rate(REQUESTS, by="provider")), "{{provider}}")],
                    unit="percentunit",
                    says="Tries within one answer included: students notice only if every provider fails.",
                    bounds=Bounds(0.05, 0.5),
                    most=1,
                ),
                lines(
                    "Calls by outcome",
                    [Ask(rate(REQUESTS, by="provider, outcome"), "{{provider}}: {{outcome}}")],
                    unit="reqps",
                    says="`rate_limited` wants a larger quota or another provider; `unauthorized` a valid key.",
                    stacked=True,
                ),
                lines(
                    "First token, p95",
                    [
                        Ask(
                            quantile(0.95, "gen_ai_client_operation_time_to_first_chunk_seconds", by=MODEL),
                            f"{{{{{MODEL}}}}}",
                        )
                    ],
                    unit="s",
                    says="As inference sees the provider.",
                    bounds=Bounds(2, 5),
                    exemplars=True,
                ),
                lines(
                    "Whole calls, p95",
                    [
                        Ask(
                            quantile(
                                0.95, "gen_ai_client_operation_duration_seconds", by=f"gen_ai_operation_name, {MODEL}"
                            ),
                            f"{{{{gen_ai_operation_name}}}} {{{{{MODEL}}}}}",
                        )
                    ],
                    unit="s",
                    says="From the request to the last token; embeddings are asked for passages and questions.",
                ),
                lines(
                    "Tokens a second",
                    [Ask(rate(TOKENS, by=f"{MODEL}, {TYPE}"), f"{{{{{MODEL}}}}} {{{{{TYPE}}}}}")],
                    unit="short",
                    says="What providers say that they read (input) and wrote (output).",
                ),
            ),
        ),
        Row(
            "Spend",
            (
                number(
                    "Last 24 hours",
                    Ask(f"sum(increase({SPEND}[24h])) / 1e6"),
                    unit="currencyUSD",
                    says="By the prices that inference is told; models without a price cost nothing here.",
                    width=8,
                    decimals=2,
                ),
                number(
                    "At this rate, a day",
                    Ask(f"sum(rate({SPEND}[1h])) * 86400 / 1e6"),
                    unit="currencyUSD",
                    says="What a day costs that goes on like the last hour.",
                    width=8,
                    decimals=2,
                ),
                number(
                    "Limit of a day",
                    Ask("max(lectern_spend_micros_per_day_limit) / 1e6"),
                    unit="currencyUSD",
                    says="From here on an alert says that a day costs too much. Set in inference.",
                    width=8,
                    decimals=2,
                ),
                lines(
                    "Dollars an hour",
                    [Ask(f"sum by (provider) (rate({SPEND}[$__rate_interval])) * 3600 / 1e6", "{{provider}}")],
                    unit="currencyUSD",
                    says="Spend by provider.",
                    stacked=True,
                ),
                bars(
                    "Spend of 24 hours by provider",
                    Ask(f"sort_desc(sum by (provider) (increase({SPEND}[24h]))) / 1e6", "{{provider}}"),
                    unit="currencyUSD",
                    says="Where the money goes.",
                ),
            ),
        ),
    ),
)
