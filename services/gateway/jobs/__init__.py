"""The jobs API: reading, watching and steering jobs, queues and workers."""
