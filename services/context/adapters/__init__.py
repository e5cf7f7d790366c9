"""The outside of the context service: MongoDB, Redis, inference, and their in-memory twins."""
