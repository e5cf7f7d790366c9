"""What each process says of itself every few seconds, so that any instance can tell how the fleet is."""
