"""Caches: what they spare."""

from deploy.dashboards.board import Board, Row
from deploy.dashboards.panels import Ask, Bounds, bars, lines, number
from deploy.dashboards.queries import contexts_found, hits, rate

LOW = Bounds(0.6, 0.4, falling=True)
CACHE = 'store="cache"'


def keys_found(labels: str) -> str:
    found = rate("lectern_redis_keyspace_hits_total", labels)
    return f"{found} / ({found} + {rate('lectern_redis_keyspace_misses_total', labels)})"


BOARD = Board(
    name="caches",
    title="Caches",
    says="What each layer of caches spares, and whether the cache Redis has room.",
    rows=(
        Row(
            "Layers",
            (
                number(
                    "Contexts found",
                    Ask(contexts_found()),
                    unit="percentunit",
                    says="Contexts of lectures that a process or Redis had. Below 40 % an alert fires.",
                    width=6,
                    bounds=LOW,
                ),
                number(
                    "Answers found",
                    Ask(hits("answer")),
                    unit="percentunit",
                    says="Whole answers that need not be asked again. What it can be depends on how students ask.",
                    width=6,
                ),
                number(
                    "Thread lists found",
                    Ask(hits("thread_list")),
                    unit="percentunit",
                    says="Lists of a user's threads from the process's own memory.",
                    width=6,
                ),
                number(
                    "Evicted keys",
                    Ask(f"sum(increase(lectern_redis_evicted_keys_total{{{CACHE}}}[$__range]))"),
                    unit="short",
                    says="Keys of this time that had to go for others: the cache Redis is full.",
                    width=6,
                    bounds=Bounds(1, 1000),
                    decimals=0,
                ),
                lines(
                    "Found, by layer",
                    [Ask(hits(by="layer"), "{{layer}}")],
                    unit="percentunit",
                    says="A layer is asked only for what the layers above it do not have.",
                    bounds=LOW,
                    most=1,
                ),
                lines(
                    "Look-ups, by layer",
                    [Ask(rate("lectern_cache_requests_total", by="layer, result"), "{{layer}}: {{result}}")],
                    unit="ops",
                    says="How much each layer is asked.",
                ),
                bars(
                    "Entries in the processes' own memory",
                    Ask("sort_desc(sum by (layer) (lectern_cache_entries))", "{{layer}}"),
                    unit="short",
                    says="All are bounded: a layer that stands at its bound may want a larger one.",
                ),
                lines(
                    "The cache Redis: keys found",
                    [Ask(keys_found(CACHE), "found")],
                    unit="percentunit",
                    says="As Redis counts, permits, leases and turn logs among it.",
                    most=1,
                ),
            ),
        ),
    ),
)
