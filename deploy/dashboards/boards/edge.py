"""The edge: what clients get from Envoy, and how the services behind it answer Envoy."""

from deploy.dashboards.board import Board, Row
from deploy.dashboards.panels import Ask, Bounds, lines, number
from deploy.dashboards.queries import quantile, rate, share

EDGE = 'envoy_http_conn_manager_prefix="edge"'
OURS = 'envoy_cluster_name=~"gateway|gateway_http|gateway_sticky|threads|context|inference"'
DEFECTS = f'{EDGE},envoy_response_code_class="5"'
CLASS, CLUSTER = "envoy_response_code_class", "envoy_cluster_name"
SECOND = 1000  # Envoy counts in milliseconds


def took(share: float, histogram: str, labels: str, by: str = "") -> str:
    """A quantile of Envoy's, in seconds."""
    return f"{quantile(share, histogram, labels, by)} / {SECOND}"


BOARD = Board(
    name="edge",
    title="Edge",
    says="What clients get from Envoy, and how the services behind it answer Envoy.",
    rows=(
        Row(
            "Clients",
            (
                number(
                    "Requests",
                    Ask(rate("envoy_http_downstream_rq_total", EDGE)),
                    unit="reqps",
                    says="Requests a second at the public port.",
                    width=6,
                    decimals=2,
                ),
                number(
                    "Answered with 5xx",
                    Ask(share(rate("envoy_http_downstream_rq_xx", DEFECTS), rate("envoy_http_downstream_rq_xx", EDGE))),
                    unit="percentunit",
                    says="By HTTP status; gRPC clients get 200 with a status of its own.",
                    width=6,
                    bounds=Bounds(0.01, 0.05),
                ),
                number(
                    "Under way",
                    Ask(f"sum(envoy_http_downstream_rq_active{{{EDGE}}})"),
                    unit="short",
                    says="Requests that have not ended, streams among them.",
                    width=6,
                    decimals=0,
                ),
                number(
                    "Connections",
                    Ask(f"sum(envoy_http_downstream_cx_active{{{EDGE}}})"),
                    unit="short",
                    says="Open connections. Above 20,000 an Envoy takes no further ones.",
                    width=6,
                    bounds=Bounds(15_000, 19_000),
                    decimals=0,
                ),
                lines(
                    "Answers by class of status",
                    [Ask(rate("envoy_http_downstream_rq_xx", EDGE, CLASS), f"{{{{{CLASS}}}}}xx")],
                    unit="reqps",
                    says="4xx are refusals: tokens, limits, what does not exist.",
                    stacked=True,
                ),
                lines(
                    "Time of requests",
                    [
                        Ask(took(share, "envoy_http_downstream_rq_time", EDGE), f"p{share * 100:g}")
                        for share in (0.5, 0.95, 0.99)
                    ],
                    unit="s",
                    says="From the first byte in to the last byte out; streams last as long as their answers.",
                ),
                lines(
                    "Tokens refused",
                    [
                        Ask(rate("envoy_http_jwt_authn_denied"), "refused"),
                        Ask(rate("envoy_http_jwt_authn_allowed"), "let in"),
                    ],
                    unit="reqps",
                    says="Refusals by the edge. Many at once: keys were rolled, or a client is broken.",
                ),
                lines(
                    "Bytes",
                    [
                        Ask(rate("envoy_http_downstream_cx_rx_bytes_total", EDGE), "in"),
                        Ask(rate("envoy_http_downstream_cx_tx_bytes_total", EDGE), "out"),
                    ],
                    unit="Bps",
                    says="At the public port.",
                ),
            ),
        ),
        Row(
            "Services behind it",
            (
                lines(
                    "Requests, by service",
                    [Ask(rate("envoy_cluster_upstream_rq_total", OURS, CLUSTER), f"{{{{{CLUSTER}}}}}")],
                    unit="reqps",
                    says="Tries included; `gateway_sticky` is Socket.IO.",
                ),
                lines(
                    "Time, p95 by service",
                    [Ask(took(0.95, "envoy_cluster_upstream_rq_time", OURS, CLUSTER), f"{{{{{CLUSTER}}}}}")],
                    unit="s",
                    says="As Envoy waits for the service.",
                ),
                lines(
                    "Healthy instances",
                    [
                        Ask(
                            f"sum by ({CLUSTER}) (envoy_cluster_membership_healthy{{{OURS}}})"
                            f" / sum by ({CLUSTER}) (envoy_cluster_membership_total{{{OURS}}})",
                            f"{{{{{CLUSTER}}}}}",
                        )
                    ],
                    unit="percentunit",
                    says="By Envoy's own health checks, of all that it knows.",
                    bounds=Bounds(0.99, 0.5, falling=True),
                    most=1,
                ),
                lines(
                    "Connections to services",
                    [Ask(f"sum by ({CLUSTER}) (envoy_cluster_upstream_cx_active{{{OURS}}})", f"{{{{{CLUSTER}}}}}")],
                    unit="short",
                    says="Open connections from Envoy.",
                ),
            ),
        ),
        Row(
            "Envoy itself",
            (
                lines(
                    "Memory",
                    [Ask("sum by (instance) (envoy_server_memory_allocated)", "{{instance}}")],
                    unit="bytes",
                    says="At 95 % of LECTERN_EDGE_HEAP_BYTES it takes no further requests.",
                ),
                lines(
                    "Age",
                    [Ask("max by (instance) (envoy_server_uptime)", "{{instance}}")],
                    unit="s",
                    says="A line that keeps falling back is an Envoy that is started again and again.",
                ),
            ),
        ),
    ),
)
