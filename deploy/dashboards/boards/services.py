"""Rate, errors and duration of every service's calls, and what its processes use."""

from deploy.dashboards.board import Board, Row
from deploy.dashboards.panels import Ask, Bounds, bars, lines
from deploy.dashboards.queries import PODS, quantile, rate, share

CALLS = "rpc_server_duration_seconds"
COUNT, CPU = f"{CALLS}_count", "process_cpu_seconds_total"
METHOD = "rpc_method, rpc_grpc_status"
CHOSEN = f'{PODS},service=~"$service"'
# Probes are no work, and a watch of health lasts for ever.
WORK = f'{CHOSEN},rpc_method!~"/grpc[.].*"'
WENT_WRONG = f'{WORK},outcome="failed"'

BOARD = Board(
    name="services",
    title="Services",
    says="Rate, errors and duration of every call that a service takes, and what its processes use.",
    by_service=True,
    rows=(
        Row(
            "Calls",
            (
                lines(
                    "Rate, by method",
                    [Ask(rate(COUNT, WORK, "rpc_method"), "{{rpc_method}}")],
                    unit="reqps",
                    says="Calls that ended, a second.",
                ),
                lines(
                    "Outcomes",
                    [Ask(rate(COUNT, WORK, "outcome"), "{{outcome}}")],
                    unit="reqps",
                    says="`failed` is the service's own fault, `refused` the caller's; `left`: nobody waited any more.",
                    stacked=True,
                ),
                lines(
                    "Failing, by service",
                    [Ask(share(rate(COUNT, WENT_WRONG, "service"), rate(COUNT, WORK, "service")), "{{service}}")],
                    unit="percentunit",
                    says="The share of calls that failed by the service's fault.",
                    bounds=Bounds(0.01, 0.05),
                ),
                bars(
                    "Failed calls, by method",
                    Ask(
                        f"sort_desc(sum by ({METHOD}) (increase({COUNT}{{{WENT_WRONG}}}[$__range])))",
                        "{{rpc_method}} {{rpc_grpc_status}}",
                    ),
                    unit="short",
                    says="Of this time.",
                    bounds=Bounds(1, 100),
                ),
                lines(
                    "Duration, p95 by method",
                    [Ask(quantile(0.95, CALLS, WORK, "rpc_method"), "{{rpc_method}}")],
                    unit="s",
                    says="Streams last as long as their answers. Points lead to traces.",
                    exemplars=True,
                ),
                lines(
                    "Duration of calls, by service",
                    [
                        Ask(quantile(0.5, CALLS, WORK, "service"), "{{service}} p50"),
                        Ask(quantile(0.99, CALLS, WORK, "service"), "{{service}} p99"),
                    ],
                    unit="s",
                    says="All methods of a service together.",
                ),
                lines(
                    "Under way, by method",
                    [Ask(f"sum by (rpc_method) (rpc_server_active_calls{{{WORK}}})", "{{rpc_method}}")],
                    unit="short",
                    says="Calls that have not ended.",
                ),
                lines(
                    "Instances",
                    [Ask(f"sum by (service) (up{{{CHOSEN}}})", "{{service}}")],
                    unit="short",
                    says="Processes that answer Prometheus.",
                ),
            ),
        ),
        Row(
            "Processes",
            (
                lines(
                    "Processor time",
                    [
                        Ask(
                            f"sum by (service, instance) (rate({CPU}{{{CHOSEN}}}[$__rate_interval]))",
                            "{{service}} {{instance}}",
                        )
                    ],
                    unit="percentunit",
                    says="One is a whole core, which is all that a Python process can use.",
                    bounds=Bounds(0.7, 0.9),
                ),
                lines(
                    "Memory",
                    [
                        Ask(
                            f"sum by (service, instance) (process_resident_memory_bytes{{{CHOSEN}}})",
                            "{{service}} {{instance}}",
                        )
                    ],
                    unit="bytes",
                    says="Resident memory.",
                ),
                lines(
                    "Open files",
                    [
                        Ask(
                            f"max by (service, instance) (process_open_fds{{{CHOSEN}}} / process_max_fds{{{CHOSEN}}})",
                            "{{service}} {{instance}}",
                        )
                    ],
                    unit="percentunit",
                    says="Sockets and files, of what the process may have.",
                    bounds=Bounds(0.6, 0.8),
                ),
                lines(
                    "Age",
                    [
                        Ask(
                            f"time() - max by (service, instance) (process_start_time_seconds{{{CHOSEN}}})",
                            "{{service}} {{instance}}",
                        )
                    ],
                    unit="s",
                    says="A line that keeps falling back is a process that is started again and again.",
                ),
            ),
        ),
    ),
)
