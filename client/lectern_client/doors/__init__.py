"""The two thin transports."""
