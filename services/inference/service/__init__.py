"""What inference does."""
