"""The values of inference."""
