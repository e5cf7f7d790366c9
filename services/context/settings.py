from pydantic import Field, SecretStr

from kit.jobs.settings import JobsSettings
from services.context.service.teaching.bounds import Bounds


class ContextSettings(JobsSettings):
    """The settings of the context service."""

    context_cache_seconds: int = Field(3600, description="How long built context is cached, in seconds")
    context_cache_passages: int = Field(
        200_000, description="Passages of all courses that one process keeps at hand, at the most"
    )
    context_incomplete_seconds: int = Field(
        30, description="How long context is cached whose passages still wait for vectors, in seconds"
    )
    context_vector_budget_ms: int = Field(
        150, description="How long a query waits for its vector before words alone decide, in milliseconds"
    )
    context_embed_sweep_seconds: int = Field(
        300, description="How often passages without a vector of the current model are looked for, in seconds"
    )
    context_embed_retry_seconds: int = Field(
        5, description="How soon they are looked for again where some were left without, in seconds"
    )
    draft_characters: int = Field(
        14_000, ge=500, description="Characters of a source that a model reads for one chapter or quiz, at the most"
    )
    draft_tokens: int = Field(
        2000, ge=50, description="Tokens of one outline, chapter or quiz that a model writes, at the most"
    )
    draft_questions: int = Field(5, ge=1, le=20, description="Questions of the quiz of each chapter of a built course")
    draft_chapters: int = Field(20, ge=1, le=100, description="Chapters that a document is divided into, at the most")
    drafts_at_once: int = Field(8, ge=1, description="Texts of one course that models write at the same time")
    drafts_strict: bool = Field(
        False,
        description="Bounds each text and list in the schema that models write to, and offers the sentences that they "
        "may quote: for small models, which don't come to an end otherwise. OpenAI's own API refuses such schemas",
    )
    max_document_mb: int = Field(50, description="The size of an uploaded document at the most, in MB")
    pdf_memory_mb: int = Field(1024, description="Memory that reading one document may take, in MB")
    pdf_seconds: int = Field(120, description="Processor time that reading one document may take, in seconds")
    recognition_pages: int = Field(
        0,
        ge=0,
        le=1000,
        description="Pages of a document without text that a model reads off their pictures, at the most; it needs a "
        "provider with a model for `recognition`. 0 is off",
    )
    chroma_url: str = Field(
        "", description="A Chroma server that searches vectors, http(s)://host:port; empty searches them in the process"
    )
    chroma_token: SecretStr = Field(SecretStr(""), description="The token of that server, where it wants one")
    chroma_tenant: str = Field("default_tenant", description="The tenant on that server")
    chroma_database: str = Field("default_database", description="The database on that server")
    context_popularity_seconds: int = Field(10, description="How often counts of questions are written, in seconds")

    @property
    def bounds(self) -> Bounds:
        """How much models read and write for chapters and quizzes."""
        return Bounds(
            characters=self.draft_characters,
            tokens=self.draft_tokens,
            chapters=self.draft_chapters,
            questions=self.draft_questions,
            at_once=self.drafts_at_once,
            strict=self.drafts_strict,
        )
