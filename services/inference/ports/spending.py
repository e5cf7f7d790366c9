"""The spend ledger and the budgets."""

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from services.inference.model.spending import Amount, Budget, Charge, Line, Payer


class Ledger(Protocol):
    """What was spent, and what is set aside; the budgets hold over all processes."""

    async def reserve(self, payer: Payer, amount: Amount) -> str:
        """Sets the amount aside in every budget of the payer; raises ResourceExhausted where one has no room.

        Answers the name of the reservation; empty where the payer has no budget.
        """
        ...

    def charge(self, charge: Charge) -> None:
        """Writes down what a call took for which nothing was set aside; it counts from now on."""
        ...

    async def settle(self, payer: Payer, reservation: str, charge: Charge | None) -> None:
        """Writes down what a call took (None: nothing), and lets go of what was set aside for it."""
        ...

    async def usage(self, tenant: str, user: str, course: str, first: date, last: date) -> Sequence[Line]:
        """What was spent on those days, both included, most tokens first; empty user or course means all."""
        ...

    async def erase(self, tenant: str, user: str) -> None:
        """Forgets what the user spent, and the budget of their own; what others may still spend stays as it is."""
        ...

    async def budgets(self, tenant: str) -> Sequence[Budget]: ...

    async def set_budget(self, budget: Budget) -> Budget:
        """Keeps what is spent; a budget without limits is removed."""
        ...
