"""Jobs in the process's own memory: for tests, and for a single process without queues."""
