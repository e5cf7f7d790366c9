"""What the charts render, held against the schemas of those that read it."""
