"""Reads captions of a dozen formats into cues, repairs what can be repaired, and names the line of what cannot."""
