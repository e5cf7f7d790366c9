"""What a provider's refusal means: the one place that reads status codes and error bodies."""

import math
from collections.abc import Mapping
from typing import Any

from kit.errors import Reason
from services.inference.model.failures import ProviderFailure, Remedy

REFUSED = frozenset({"content_filter", "content_policy_violation", "invalid_prompt"})
TOO_LONG = frozenset({"context_length_exceeded", "exceed_context_size_error", "string_above_max_length"})
OUT_OF_QUOTA = "insufficient_quota"
LONGEST_REST = 3600.0  # whatever a provider says: it is asked again within the hour
QUOTA_REST = 300.0  # an account without credit does not get well by itself: ask again in minutes, not seconds


def in_stream(body: Any) -> ProviderFailure:
    """An error that a provider sends as an event after it has begun to answer; some give it the code of a status."""
    codes = codes_of(body)
    status = next((int(code) for code in codes if code.isascii() and code.isdigit() and len(code) == 3), 500)
    return of_status(status, codes, None)


def of_status(status: int, codes: frozenset[str], wait: float | None) -> ProviderFailure:
    if codes & REFUSED:
        return ProviderFailure(
            Remedy.TELL, "refused", "the provider refused the content", reason=Reason.CONTENT_REFUSED
        )
    if codes & TOO_LONG or status == 413:
        return ProviderFailure(
            Remedy.TELL, "too_long", "the prompt does not fit the model", reason=Reason.CONTEXT_TOO_LONG
        )
    if OUT_OF_QUOTA in codes:
        return ProviderFailure(Remedy.FAIL_OVER, "quota", "the provider's quota is spent", retry_after=QUOTA_REST)
    if status == 429:
        return ProviderFailure(Remedy.RETRY, "rate_limited", "the provider is at its limit", retry_after=wait)
    if status in (401, 403, 404):
        return ProviderFailure(Remedy.FAIL_OVER, "misconfigured", "the provider refused the key or the model")
    if status in (400, 422):
        return ProviderFailure(
            Remedy.TELL, "bad_request", "the provider cannot take this request", reason=Reason.INVALID_ARGUMENT
        )
    return ProviderFailure(Remedy.RETRY, "server_error", "the provider failed", retry_after=wait)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds until the provider wants to be asked again."""
    for name, scale in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            seconds = float(headers[name]) / scale
        except (KeyError, ValueError):
            continue
        if math.isfinite(seconds):
            return min(max(0.0, seconds), LONGEST_REST)
    return None


def codes_of(body: Any) -> frozenset[str]:
    """The code and type of an error, whichever shape the provider gives it; Google's is in a list."""
    if isinstance(body, list) and body:
        body = body[0]
    inner = body.get("error", body) if isinstance(body, Mapping) else None
    if not isinstance(inner, Mapping):
        return frozenset()
    return frozenset(str(inner[name]) for name in ("code", "type") if inner.get(name))
