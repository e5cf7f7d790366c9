"""What the context service does, in terms of its ports."""
