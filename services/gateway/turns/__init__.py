"""Turns that this process answers: their runs, what they write, and who reads along."""
