"""The settings of inference."""

from pydantic import Field

from kit.settings import CommonSettings


class InferenceSettings(CommonSettings):
    """Providers are configured by LECTERN_PROVIDERS, or by the keys that their vendors' own variables hold."""

    providers: str = Field("", description="JSON list of providers in order of preference; see docs/providers.md")
    prices: str = Field("", description='JSON of US dollars for a million tokens: {"model": {"prompt", "completion"}}')
    parameters: str = Field(
        "",
        description="JSON of further fields of a call's body, by provider and purpose, such as "
        '{"openai": {"title": {"reasoning_effort": "low"}}}; see docs/providers.md',
    )
    thinking_tokens: str = Field(
        "", description='JSON of tokens that models may think beyond the limit of an answer: {"provider": tokens}'
    )
    embeddings_base_url: str = Field("", description="An OpenAI-compatible embeddings server of its own")
    embeddings_model: str = Field(
        "e5-{kind}", description="Its model; `{kind}` becomes `query` or `passage` where it tells them apart"
    )

    connect_timeout: float = Field(3.0, description="Seconds to connect to a provider")
    first_token_timeout: float = Field(15.0, description="Seconds until a provider's first token, in chat")
    between_tokens_timeout: float = Field(8.0, description="Seconds between two tokens of a provider")
    quick_timeout: float = Field(10.0, description="Seconds for a quick call: titles, embeddings of questions")
    chat_timeout: float = Field(45.0, description="Seconds for an answer in chat")

    chat_max_tokens: int = Field(700, description="Tokens of an answer in chat whose request sets no limit")
    quick_max_tokens: int = Field(60, description="Tokens of a title, at the most")
    bulk_max_tokens: int = Field(3000, description="Tokens of a report, quiz or chapter, at the most")
    prompt_version: str = Field(
        "v2", description="The instructions that models get in chat: v1 or v2; docs/evaluation.md tells them apart"
    )
    coalesce_ms: int = Field(80, description="Milliseconds between two deltas after the first, at most 100")

    breaker_share: float = Field(0.5, description="Share of failures at which a provider's breaker opens")
    breaker_minimum: int = Field(10, description="Calls in the window below which it does not open")
    breaker_window: float = Field(30.0, description="Seconds that outcomes are counted for")
    breaker_open_seconds: float = Field(60.0, description="Seconds until one probe is let through")

    user_requests_per_minute: int = Field(0, description="Model calls of one user in a minute; 0 is unlimited")
    user_tokens_per_minute: int = Field(0, description="Tokens of one user in a minute; 0 is unlimited")
    tenant_requests_per_minute: int = Field(0, description="Model calls of one tenant in a minute; 0 is unlimited")
    tenant_tokens_per_minute: int = Field(0, description="Tokens of one tenant in a minute; 0 is unlimited")
    spend_dollars_per_day: float = Field(
        0.0,
        ge=0,
        description="US dollars that calls to models may cost in a day; alerts warn before. It stops nobody, as "
        "budgets do; 0 is without a limit",
    )
    queue_seconds: float = Field(20.0, description="Seconds that a call waits in line while all providers are full")
    inference_database: str = Field("lectern_inference", description="The database of spend and budgets")

    answer_cache_seconds: float = Field(3600.0, description="Seconds that an answer without personal history is kept")
    flight_lease_seconds: float = Field(
        3.0, description="Seconds after which a lost leader of a shared call is replaced"
    )
