"""The waiting room, in Redis beside Dramatiq's queues."""
