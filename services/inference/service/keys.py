"""What makes two prompts the same."""

import hashlib

import orjson

from services.inference.model.generation import Prompt, Purpose


def shareable(prompt: Prompt) -> bool:
    """Whether one answer may serve several callers: a tutoring turn without personal history, or a title.

    The title of a thread is made of its first question and answer alone: whoever has both has read them.
    """
    alike = prompt.purpose is Purpose.TITLE or (prompt.purpose is Purpose.CHAT and not prompt.personal)
    whole = not prompt.continue_from and not prompt.continues
    return alike and whole and bool(prompt.course) and prompt.schema is None


def answer_key(tenant: str, model: str, prompt: Prompt) -> str:
    """Tenant, model and a hash of all that decides the answer; an edited course has another context version."""
    how = [prompt.version, prompt.policy, prompt.max_tokens, prompt.temperature]
    parts = [
        [tenant, model, prompt.course, prompt.context_version, *how],
        [prompt.stops, sorted(prompt.parameters.items())],
        [[message.speaker.value, message.text] for message in prompt.messages],
    ]
    return f"{tenant}:{model}:{hashlib.blake2b(orjson.dumps(parts), digest_size=20).hexdigest()}"
