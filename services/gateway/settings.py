from pathlib import Path

from pydantic import Field

from kit.jobs.settings import JobsSettings


class GatewaySettings(JobsSettings):
    """The settings of the gateway."""

    http_listen: str = Field("127.0.0.1:0", description="Where the HTTP face listens: pages, uploads, Socket.IO")
    max_message_bytes: int = Field(16 * 1024, description="The longest question, in bytes of UTF-8")
    context_token_budget: int = Field(1200, description="Tokens of passages that a turn is grounded in at the most")
    history_token_budget: int = Field(800, description="Tokens of the thread's past that a turn knows at the most")
    turn_seconds: float = Field(120.0, description="How long a turn may take in all, in seconds")
    abandon_seconds: float = Field(60.0, description="How long a turn runs on when nobody reads it, in seconds")
    support_seconds: float = Field(
        0.5,
        description="How long the end of an answer waits at the most until its sentences are held against the course "
        "by their meaning, in seconds; 0 leaves it to their words",
    )
    heartbeat_seconds: float = Field(10.0, description="How often a quiet stream says that it lives, in seconds")
    max_document_mb: int = Field(50, description="The size of an uploaded document at the most, in MB")
    cors_origins: str = Field(
        "", description="Pages of other origins that may connect by Socket.IO, separated by commas; as at the edge"
    )
    max_sockets: int = Field(10_000, description="Connected sockets of one process at the most")
    legacy_guest: str = Field(
        "",
        description="Who calls the older endpoints at /api without a token, as a teacher and admin of the tenant "
        "`default`; empty lets nobody in",
    )
    queue_page: bool = Field(False, description="Serves the page of the queues at /admin/queues, for admins")
    demo_user: str = Field("", description="On the local stack: who opens a page's session without a token")
    demo_model: str = Field("", description="On the local stack: the demo model that answers; shown on the playground")
    pages: Path = Field(Path(__file__).parent / "pages", description="The folder of the pages")

    @property
    def guest(self) -> str:
        """Who opens a page's session without a token; nobody but on the local stack."""
        return self.demo_user if self.local else ""
