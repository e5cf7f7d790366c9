"""What the API speaks of, as frozen values."""
