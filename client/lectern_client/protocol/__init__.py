"""The protocol without I/O: what to send, what to read, what to do when it breaks. Both clients stand on it."""
