"""Measuring the system: load, the fake provider, figures."""
