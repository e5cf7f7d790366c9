"""A reader for each format: from text to cues as they were written."""
