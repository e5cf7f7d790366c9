from pydantic import Field

from kit.settings import CommonSettings


class ContextSettings(CommonSettings):
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
        15, description="How soon after a failure they are looked for again, in seconds"
    )
    context_popularity_seconds: int = Field(10, description="How often counts of questions are written, in seconds")
