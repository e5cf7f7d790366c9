"""Finds passages: by words with BM25, by meaning with vectors, and fused."""
