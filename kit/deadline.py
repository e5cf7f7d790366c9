"""What is left of the deadline of the call that is being served."""

from kit.call import current_call


def remaining() -> float | None:
    """Seconds left; None outside a call or without a deadline."""
    call = current_call()
    return None if call is None else call.remaining()


def within(seconds: float) -> float:
    """`seconds`, or what is left where that is less."""
    left = remaining()
    return seconds if left is None else min(seconds, left)
