"""What inference needs of the world outside."""

from services.inference.ports.limits import Claim, Limits, Verdict
from services.inference.ports.models import ChatCall, ChatProvider, EmbeddingProvider, Generator, Piece
from services.inference.ports.sharing import Answered, Flights, Seat
from services.inference.ports.spending import Ledger

__all__ = [
    "Answered",
    "ChatCall",
    "ChatProvider",
    "Claim",
    "EmbeddingProvider",
    "Flights",
    "Generator",
    "Ledger",
    "Limits",
    "Piece",
    "Seat",
    "Verdict",
]
