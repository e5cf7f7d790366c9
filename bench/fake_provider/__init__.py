"""A model provider that does as it is told: it speaks the OpenAI wire format and counts what it served."""
