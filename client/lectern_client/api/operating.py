from datetime import datetime

from lectern_client.api.operations import D, Group, one
from lectern_client.model.operating import Health, Usage
from lectern_client.protocol.calls import Call, reading
from lectern_client.protocol.requests import get, resource


class Operating(Group[D]):
    """The system as a whole."""

    @one
    def health(self) -> Call[Health]:
        """Whether the system can serve, and how each part is; needs no token."""
        return Call(get("/v1/health"), reading(Health))

    @one
    def usage(
        self, *, user: str = "", course: str = "", start: datetime | None = None, end: datetime | None = None
    ) -> Call[Usage]:
        """Tokens and cost, of this month unless told otherwise; times must have a zone."""
        request = get(
            "/v1/usage",
            user=user,
            course=resource("courses", course) if course else None,
            startTime=start.isoformat() if start else None,
            endTime=end.isoformat() if end else None,
        )
        return Call(request, reading(Usage))
