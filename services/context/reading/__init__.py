"""Reads documents within a process of its own: what a file breaks is that process."""
