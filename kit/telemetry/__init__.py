"""Traces, metrics and logs of a process."""
