"""What the threads service does, free of any wire format or driver."""
