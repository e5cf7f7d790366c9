"""Waiting for what other processes do, where there is no event to wait for."""

import time
from collections.abc import Callable

POLL_SECONDS = 0.5


def wait_for(what: str, ready: Callable[[], bool], seconds: float = 180, told: Callable[[], str] = str) -> float:
    """Seconds until it was so. Raises TimeoutError with what is `told` of it."""
    began = time.monotonic()
    while not ready():
        if time.monotonic() - began > seconds:
            raise TimeoutError(f"{what}: not within {seconds:.0f} s\n{told()}")
        time.sleep(POLL_SECONDS)
    return time.monotonic() - began
