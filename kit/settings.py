"""Settings that every process shares. Each is an environment variable with a default for the local stack."""

import os
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from kit import older_settings
from kit.tls import Tls

LOCAL_SECRET = "lectern-local-secret-not-for-production"  # noqa: S105 - known to all, refused outside the local stack


class CommonSettings(BaseSettings):
    """The settings of any Lectern process; services add their own."""

    model_config = SettingsConfigDict(env_prefix="LECTERN_", extra="ignore", populate_by_name=True)

    uses_queue: ClassVar[bool] = False  # whether the process speaks with the Redis of the queues

    local: bool = Field(False, description="Conveniences of the local stack, such as its well-known secrets")
    listen: str = Field("127.0.0.1:0", description="Where the gRPC server listens, host:port")
    health_listen: str = Field(
        "", description="Where health alone is served, without TLS, host:port; empty serves it with the rest only"
    )
    metrics_listen: str = Field("", description="Where Prometheus reads /metrics, host:port; empty serves none")
    store_metrics_seconds: float = Field(
        10.0,
        ge=0,
        description="When metrics are read, stores are asked how they are, and not again for so long; 0 asks never. "
        "A longer time makes a metered Redis cheaper, in seconds",
    )
    bulk_timeout: float = Field(
        120.0,
        gt=0,
        description="Seconds for one text of a report, quiz or course, and for embeddings of passages; the same for "
        "inference, services and workers, whose jobs may take the longer for it",
    )
    log_level: str = Field("info", description="debug, info, warning or error")
    log_format: str = Field("json", description="json, or console for people")

    mongodb_uri: str = Field(
        "mongodb://127.0.0.1:27017/?replicaSet=rs0",
        validation_alias=AliasChoices("MONGODB_URI", "mongodb_uri"),
        description="The replica set that holds the truth",
    )
    mongodb_pool: int = Field(50, description="Connections to MongoDB at the most, per process")
    mongodb_timeout_ms: int = Field(5000, description="Time limit of one operation on MongoDB, in milliseconds")
    redis_url: str = Field(
        "redis://127.0.0.1:6379/0",
        validation_alias=AliasChoices("REDIS_URL", "redis_url"),
        description="The Redis of the queues (noeviction, AOF)",
    )
    redis_cache_url: str = Field(
        "",
        validation_alias=AliasChoices("REDIS_CACHE_URL", "redis_cache_url"),
        description="The Redis of caches and turn logs (LRU); empty takes that of the queues",
    )
    redis_max_retries: int = Field(
        3,
        validation_alias=AliasChoices("REDIS_MAX_RETRIES", "redis_max_retries"),
        description="How often a command to Redis is tried again",
    )
    redis_retry_delay: int = Field(
        50,
        validation_alias=AliasChoices("REDIS_RETRY_DELAY", "redis_retry_delay"),
        description="The first pause between these tries, in milliseconds",
    )
    disable_cache: bool = Field(
        False,
        validation_alias=AliasChoices("DISABLE_CACHE", "disable_cache"),
        description="Switches every cache off; everything still works",
    )

    jwt_secret: SecretStr = Field(SecretStr(""), description="The shared secret of HS256 tokens")
    jwt_jwks_url: str = Field("", description="Where the keys of RS256 and ES256 tokens are published")
    jwt_issuer: str = Field("lectern", description="The `iss` that tokens must have")
    jwt_audience: str = Field("lectern", description="The `aud` that tokens must have")
    service_secret: SecretStr = Field(SecretStr(""), description="The secret of the tokens between services")

    user_calls_per_minute: int = Field(
        6000, ge=0, description="Calls of one user in a minute, over all instances; 0 is without a limit"
    )
    tenant_calls_per_minute: int = Field(
        0, ge=0, description="Calls of one tenant in a minute, over all instances; 0 is without a limit"
    )

    threads_target: str = Field("127.0.0.1:50052", description="gRPC target of the threads service")
    context_target: str = Field("127.0.0.1:50053", description="gRPC target of the context service")
    inference_target: str = Field("127.0.0.1:50054", description="gRPC target of the inference service")

    otlp_endpoint: str = Field(
        "",
        validation_alias=AliasChoices("OTEL_EXPORTER_OTLP_ENDPOINT", "otlp_endpoint"),
        description="Where traces are sent by OTLP over gRPC; empty sends none",
    )
    trace_ratio: float = Field(
        1.0,
        ge=0,
        le=1,
        description="The share of traces that are kept, 0 to 1; one that comes with a decision keeps it",
    )
    trace_file: str = Field("", description="A file that finished spans are appended to as JSON lines; for tests")
    leave_seconds: float = Field(
        0.0, description="After SIGTERM, how long calls are still taken while health says NOT_SERVING, in seconds"
    )
    drain_seconds: float = Field(10.0, description="How long running calls may then finish, in seconds")
    connection_age_seconds: float = Field(
        300.0,
        description="After so long a connection is asked to end, so that load spreads to new instances, in seconds",
    )

    tls_certificate: str = Field(
        "", description="The own certificate between services, a PEM file; empty is plain text"
    )
    tls_private_key: str = Field("", description="Its private key, a PEM file")
    tls_authority: str = Field("", description="The authority that signs the services' certificates, a PEM file")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment, then what names of the older systems say in it."""
        older = EnvSettingsSource(settings_cls)
        older.env_vars = {name.lower(): value for name, value in older_settings.translated(os.environ).items()}
        return init_settings, env_settings, older

    @cached_property
    def user_secret(self) -> str:
        """The secret of users' tokens; the well-known one on the local stack alone."""
        return self.jwt_secret.get_secret_value() or (LOCAL_SECRET if self.local else "")

    @cached_property
    def internal_secret(self) -> str:
        """The secret of service tokens; the well-known one on the local stack alone."""
        return self.service_secret.get_secret_value() or (f"{LOCAL_SECRET}-services" if self.local else "")

    @cached_property
    def tls(self) -> Tls | None:
        """How services speak with each other; None in plain text."""
        if not self.tls_certificate:
            return None
        return Tls(Path(self.tls_certificate), Path(self.tls_private_key), Path(self.tls_authority))

    @cached_property
    def cache_url(self) -> str:
        return self.redis_cache_url or self.redis_url
