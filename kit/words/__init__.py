"""Texts as words, terms and sentences, in every script."""
