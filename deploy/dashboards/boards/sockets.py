"""Socket.IO: how many are connected, and whether the gateways bear it."""

from deploy.dashboards.board import Board, Row
from deploy.dashboards.panels import Ask, Bounds, lines, number
from deploy.dashboards.queries import PODS, rate

GATEWAYS = f'{PODS},service=~"gateway|services"'
UPGRADED = 'envoy_http_conn_manager_prefix="edge"'

BOARD = Board(
    name="sockets",
    title="Sockets",
    says="Socket.IO connections, and what they cost the gateways.",
    rows=(
        Row(
            "Connections",
            (
                number(
                    "Connected",
                    Ask("sum(lectern_sockets)"),
                    unit="short",
                    says="Socket.IO clients on all gateways, by WebSocket or polling.",
                    width=6,
                    decimals=0,
                ),
                number(
                    "Most on one gateway",
                    Ask("max(sum by (instance) (lectern_sockets))"),
                    unit="short",
                    says="One gateway bears some ten thousand that listen; see docs/sockets.md.",
                    width=6,
                    bounds=Bounds(8000, 12000),
                    decimals=0,
                ),
                number(
                    "WebSockets at the edge",
                    Ask(f"sum(envoy_http_downstream_cx_upgrades_active{{{UPGRADED}}})"),
                    unit="short",
                    says="Of these, connections that Envoy carries as WebSockets.",
                    width=6,
                    decimals=0,
                ),
                number(
                    "New ones",
                    Ask(rate("envoy_http_downstream_cx_upgrades_total", UPGRADED)),
                    unit="reqps",
                    says="WebSockets opened a second. A wave after a gateway went is its clients coming back.",
                    width=6,
                    decimals=2,
                ),
                lines(
                    "Connected, by gateway",
                    [Ask("sum by (instance) (lectern_sockets)", "{{instance}}")],
                    unit="short",
                    says="Clients that begin with polling stay on their gateway by hashing, others are spread.",
                    stacked=True,
                ),
                lines(
                    "WebSockets at the edge",
                    [
                        Ask(f"sum(envoy_http_downstream_cx_upgrades_active{{{UPGRADED}}})", "open"),
                        Ask(f"{rate('envoy_http_downstream_cx_upgrades_total', UPGRADED)} * 60", "opened a minute"),
                    ],
                    unit="short",
                    says="Open now, and opened in a minute.",
                ),
                lines(
                    "Processor time of gateways",
                    [Ask(f"rate(process_cpu_seconds_total{{{GATEWAYS}}}[$__rate_interval])", "{{instance}}")],
                    unit="percentunit",
                    says="One is a whole core, which is all that a Python process can use.",
                    bounds=Bounds(0.7, 0.9),
                ),
                lines(
                    "Memory of gateways",
                    [Ask(f"process_resident_memory_bytes{{{GATEWAYS}}}", "{{instance}}")],
                    unit="bytes",
                    says="Resident memory. It grows with sockets and with answers under way, and comes down again.",
                ),
            ),
        ),
    ),
)
