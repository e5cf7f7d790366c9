"""Holds each sentence of an answer against the passages that it leans on."""
