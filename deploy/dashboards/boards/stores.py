"""Redis and MongoDB, as they count themselves and as the services see them."""

from deploy.dashboards.board import Board, Row
from deploy.dashboards.boards.caches import keys_found
from deploy.dashboards.panels import Ask, Bounds, bars, lines, number, states
from deploy.dashboards.queries import rate

COMMANDS, LIMIT = "lectern_redis_commands_processed_total", "lectern_redis_commands_per_day_limit"

BOARD = Board(
    name="stores",
    title="Redis and MongoDB",
    says="The stores, as they count themselves and as the services see them.",
    rows=(
        Row(
            "Are they there?",
            (
                states(
                    "By dependency and service",
                    Ask("min by (dependency, service) (lectern_dependency_up)", "{{dependency}} seen by {{service}}"),
                    says="The cache Redis away: chat still answers. The queue's: jobs wait. MongoDB: clear errors.",
                    names={0: ("away", "red"), 1: ("there", "green")},
                    width=24,
                    height=16,
                ),
            ),
        ),
        Row(
            "Redis",
            (
                lines(
                    "Commands",
                    [Ask(rate(COMMANDS, by="store"), "{{store}}")],
                    unit="ops",
                    says="Commands a second, those of scripts included.",
                ),
                bars(
                    "Commands of 24 hours, of their limit",
                    Ask(
                        f"sort_desc(sum by (store) (increase({COMMANDS}[24h])) / max by (store) ({LIMIT}))", "{{store}}"
                    ),
                    unit="percentunit",
                    says="For a Redis that is paid by the command; the limit is the dispatcher's setting.",
                    bounds=Bounds(0.8, 1),
                ),
                lines(
                    "Memory",
                    [
                        Ask("max by (store) (lectern_redis_memory_used_bytes)", "{{store}}"),
                        Ask("max by (store) (lectern_redis_memory_limit_bytes > 0)", "{{store}} limit"),
                    ],
                    unit="bytes",
                    says="The queue's must never be full: it refuses writes then. The cache's evicts.",
                ),
                lines(
                    "Clients",
                    [Ask("max by (store) (lectern_redis_connected_clients)", "{{store}}")],
                    unit="short",
                    says="Connections to each Redis.",
                ),
                lines(
                    "Keys found",
                    [Ask(keys_found('store="cache"'), "cache"), Ask(keys_found('store="queue"'), "queue")],
                    unit="percentunit",
                    says="Of all look-ups that Redis counts.",
                    most=1,
                ),
                lines(
                    "Evicted and refused",
                    [
                        Ask(rate("lectern_redis_evicted_keys_total", by="store"), "{{store}} evicted keys"),
                        Ask(rate("lectern_redis_rejected_connections_total", by="store"), "{{store}} refused clients"),
                    ],
                    unit="ops",
                    says="Evictions in the cache cost speed. Any in the queue's Redis lose jobs: its policy is wrong.",
                ),
            ),
        ),
        Row(
            "MongoDB",
            (
                number(
                    "Operations",
                    Ask(rate("lectern_mongodb_operations_total")),
                    unit="ops",
                    says="Operations a second, of all types.",
                    width=8,
                ),
                number(
                    "Connections",
                    Ask('max(lectern_mongodb_connections{state="current"})'),
                    unit="short",
                    says="Open connections; each process has at most its pool.",
                    width=8,
                    decimals=0,
                ),
                number(
                    "Memory",
                    Ask("max(lectern_mongodb_resident_bytes)"),
                    unit="bytes",
                    says="Main memory that the primary holds.",
                    width=8,
                ),
                lines(
                    "Operations, by type",
                    [Ask(rate("lectern_mongodb_operations_total", by="type"), "{{type}}")],
                    unit="ops",
                    says="As the server counts them; `command` are the others, aggregations among them.",
                    stacked=True,
                ),
                lines(
                    "Connections, by state",
                    [Ask('max by (state) (lectern_mongodb_connections{state=~"current|active"})', "{{state}}")],
                    unit="short",
                    says="`active` ones have an operation under way.",
                ),
            ),
        ),
    ),
)
