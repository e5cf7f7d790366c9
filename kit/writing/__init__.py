"""Texts that language models write for services: assignments, the models behind inference, and what they wrote."""
