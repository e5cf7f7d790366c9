"""How a call to a provider fails, and what is to be done about it."""

from enum import StrEnum

from kit.errors import Reason

# The outcome of a call that took longer than all calls of its class may.
OVERRUN = "overrun"


class Remedy(StrEnum):
    """`RETRY`: elsewhere at once, here again later. `FAIL_OVER`: elsewhere alone. `TELL`: the caller must change it."""

    RETRY = "retry"
    FAIL_OVER = "fail_over"
    TELL = "tell"


# An answer without text; and one whose limit was used up before the first word of it, as models do that think.
EMPTY, STARVED = "empty", "starved"


class ProviderFailure(Exception):
    """A call that brought no whole answer. `outcome` is its name in the metrics.

    `who` names the provider and its model, once it is known which call failed.
    """

    def __init__(
        self,
        remedy: Remedy,
        outcome: str,
        message: str = "",
        *,
        reason: Reason = Reason.PROVIDERS_UNAVAILABLE,
        retry_after: float | None = None,
    ) -> None:
        """`retry_after` in seconds, where the provider said it."""
        super().__init__(message or outcome)
        self.remedy = remedy
        self.outcome = outcome
        self.message = message or outcome
        self.reason = reason
        self.retry_after = retry_after
        self.who = ""

    @property
    def said(self) -> str:
        """Its message, with the provider and the model where they are known."""
        return f"{self.who}: {self.message}" if self.who else self.message

    @property
    def is_trouble(self) -> bool:
        """Whether it speaks against the provider's health: a caller's mistake, a full quota or a small limit do not."""
        return self.remedy is not Remedy.TELL and self.outcome not in {"rate_limited", STARVED}

    @property
    def is_empty(self) -> bool:
        """Whether the provider ended well, but without a word; any key of it would."""
        return self.outcome in {EMPTY, STARVED}
