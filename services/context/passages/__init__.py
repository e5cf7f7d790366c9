"""Cuts transcripts into the passages that are found and cited."""
