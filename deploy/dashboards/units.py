"""Values as Grafana writes them, for the units that the dashboards use."""

from collections.abc import Callable, Mapping, Sequence

_SI = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "K"))
_BINARY = ((2**40, "TiB"), (2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"))
_TIMES = ((86400, "day"), (3600, "hour"), (60, "min"), (1, "s"), (1e-3, "ms"), (1e-6, "µs"))


def written(value: float, unit: str, decimals: int | None = None) -> str:
    """The value with its unit, three digits or so many `decimals`."""
    return _WRITERS.get(unit, _short)(value, decimals)


def _digits(value: float, decimals: int | None) -> str:
    if decimals is None:
        decimals = 0 if abs(value) >= 100 or value == int(value) else 1 if abs(value) >= 10 else 2
    return f"{value:.{decimals}f}"


def _scaled(value: float, steps: Sequence[tuple[float, str]], decimals: int | None, rest: str = "") -> str:
    for size, name in steps:
        if abs(value) >= size:
            return f"{_digits(value / size, decimals)} {name}"
    return f"{_digits(value, decimals)}{rest}"


def _short(value: float, decimals: int | None) -> str:
    return _scaled(value, _SI, decimals)


def _seconds(value: float, decimals: int | None) -> str:
    return _scaled(value, _TIMES, decimals, " s")


def _bytes(value: float, decimals: int | None) -> str:
    return _scaled(value, _BINARY, decimals, " B")


def _percent(value: float, decimals: int | None) -> str:
    return f"{_digits(value * 100, decimals)}%"


def _dollars(value: float, decimals: int | None) -> str:
    return f"${_digits(value, 2 if decimals is None else decimals)}" if value >= 0.01 or not value else f"${value:.4f}"


_WRITERS: Mapping[str, Callable[[float, int | None], str]] = {
    "s": _seconds,
    "bytes": _bytes,
    "Bps": lambda value, decimals: f"{_bytes(value, decimals)}/s",
    "percentunit": _percent,
    "currencyUSD": _dollars,
    "reqps": lambda value, decimals: f"{_short(value, decimals)} req/s",
    "ops": lambda value, decimals: f"{_short(value, decimals)} ops/s",
    "none": _digits,
}
