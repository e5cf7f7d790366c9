"""The sides of inference that touch the world."""
