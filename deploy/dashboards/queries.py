"""What several panels ask Prometheus; times are in seconds."""

PODS = 'job="lectern"'
# Those that are ours to answer for: a reader who leaves, presses Stop or asks what is refused spends no error budget.
COUNTED = 'status=~"completed|degraded|failed"'
OBJECTIVE = 0.999
WINDOW = "$__rate_interval"


def rate(metric: str, labels: str = "", by: str = "", window: str = WINDOW) -> str:
    """Events a second of a counter, summed over all instances; `by` names the labels that stay."""
    return (
        f"sum{_by(by)} (rate({metric}{{{labels}}}[{window}]))" if by else f"sum(rate({metric}{{{labels}}}[{window}]))"
    )


def quantile(share: float, histogram: str, labels: str = "", by: str = "", window: str = WINDOW) -> str:
    """So many of the observations took at most the answer."""
    kept = f"le, {by}" if by else "le"
    return f"histogram_quantile({share}, sum{_by(kept)} (rate({histogram}_bucket{{{labels}}}[{window}])))"


def mean(histogram: str, labels: str = "", by: str = "", window: str = WINDOW) -> str:
    """The average of what was observed."""
    total, count = rate(f"{histogram}_sum", labels, by, window), rate(f"{histogram}_count", labels, by, window)
    return f"{total} / {count}"


def within(seconds: float, histogram: str, labels: str = "", window: str = WINDOW) -> str:
    """The share of observations that took at most so long; `seconds` is a bucket's boundary."""
    under = rate(f"{histogram}_bucket", f'{labels}{"," if labels else ""}le="{seconds:.1f}"', window=window)
    return f"{under} / {rate(f'{histogram}_count', labels, window=window)}"


def share(part: str, whole: str) -> str:
    """Part of the whole; none at all, where there are no series of the part, is zero and not a gap."""
    return f"({part} or 0 * {whole}) / {whole}"


def failing(window: str) -> str:
    """The share of chat requests that failed by our fault."""
    failed = rate("ai_chat_requests_total", 'status="failed"', window=window)
    return f"{failed} / {rate('ai_chat_requests_total', COUNTED, window=window)}"


def burn(window: str) -> str:
    """How many times faster than allowed the error budget is spent: at 1 it lasts the whole month."""
    return f"({failing(window)}) / {1 - OBJECTIVE:.3f}"


def hits(layers: str = ".*", by: str = "") -> str:
    """The share of look-ups in caches that found something."""
    looked_up = f'layer=~"{layers}"'
    found = rate("lectern_cache_requests_total", f'{looked_up},result="hit"', by)
    return f"{found} / {rate('lectern_cache_requests_total', looked_up, by)}"


def contexts_found() -> str:
    """The share of contexts that need not be built.

    A process looks up whole courses, in Redis each source of one; so the shares are put together, not the counts.
    """
    looked_up = rate("lectern_cache_requests_total", 'layer="context_redis"')
    found = rate("lectern_cache_requests_total", 'layer="context_redis",result="hit"')
    return f"1 - (1 - {hits('context_process')}) * (1 - ({found} / ({looked_up} > 0) or vector(0)))"


def _by(labels: str) -> str:
    return f" by ({labels})"
